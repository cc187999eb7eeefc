"""EventBridge events: the headline or the list of them is in `detail`."""

from typing import Any

from agnews.api.values import Json, decoded, describe_value
from agnews.errors import InputError
from agnews.function.events.direct import OneText, TextList, holds_text
from agnews.function.events.fields import has_fields, is_string
from agnews.function.events.refusals import by_service
from agnews.function.events.warmups import ScheduledEvent

AWS_SOURCE = "aws."
"""How the sources of AWS services begin; no other source may begin so. They carry no headlines."""


class EventBridge:
    """An event that a rule sends. It invokes asynchronously, so the answer goes to the on-success destination."""

    form = "EventBridge"

    @staticmethod
    def matches(event: Json) -> bool:
        if not isinstance(event, dict) or "detail" not in event or holds_text(event):
            return False
        return has_fields(event, {"detail-type": is_string, "source": is_string}) and not ScheduledEvent.matches(event)

    @staticmethod
    def read(event: Any) -> Json:
        """Return the request in `detail`, which may be JSON in a string. Raises InputError if there is none."""
        detail: Json = decoded(event["detail"]) if isinstance(event["detail"], str) else event["detail"]
        source, detail_type = event["source"][:80], event["detail-type"][:80]
        name = f"the EventBridge event {detail_type!r} from {source!r}"
        if source.startswith(AWS_SOURCE):
            remedy = by_service(source.removeprefix(AWS_SOURCE))
            raise InputError(f"{name} holds no headline; {remedy}")
        if not (OneText.matches(detail) or TextList.matches(detail)):
            forms = f"{OneText.form}, or {TextList.form}"
            raise InputError(f"{name} holds no headline: found {describe_value(detail)}; put into its detail {forms}")
        return detail
