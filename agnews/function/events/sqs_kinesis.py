"""Amazon SQS and Kinesis: answers go to the results queue, and `batchItemFailures` names what should come back."""

from collections.abc import Sequence
from typing import Any

from agnews.api.request import Json
from agnews.errors import SettingsError
from agnews.function.events.records import Outcome, Record, all_from
from agnews.function.events.results import deliver
from agnews.settings import Settings

BatchResponse = dict[str, list[dict[str, str]]]
FIELDS = {"kinesis.sequenceNumber": str, "kinesis.data": str, "eventID": str}


class Sqs:
    """An SQS event source mapping with ReportBatchItemFailures, from a standard or a FIFO queue."""

    form = "an SQS event source mapping's records"

    @staticmethod
    def matches(event: Json) -> bool:
        return all_from(event, "eventSource", "aws:sqs", {"messageId": str, "body": str, "attributes": dict})

    @staticmethod
    def read(event: Any, settings: Settings) -> list[Record]:
        _check_queues(_source(event), settings)
        return [
            Record(record["messageId"], record["body"], group=record["attributes"].get("MessageGroupId", ""))
            for record in event["Records"]
        ]

    @staticmethod
    def respond(event: Any, found: Sequence[Outcome], settings: Settings, deadline: float) -> BatchResponse:
        return failures(deliver(found, settings, deadline, ordered=_source(event).endswith(".fifo")))


class Kinesis:
    """A Kinesis event source mapping with ReportBatchItemFailures: from the first failure on, all come back."""

    form = "a Kinesis stream's records"

    @staticmethod
    def matches(event: Json) -> bool:
        return all_from(event, "eventSource", "aws:kinesis", FIELDS)

    @staticmethod
    def read(event: Any, settings: Settings) -> list[Record]:
        _check_queues(_source(event), settings)
        return [
            Record(
                record["kinesis"]["sequenceNumber"],
                record["kinesis"]["data"],
                encoded=True,
                group=record["eventID"].partition(":")[0],  # the shard's, which keeps the order
            )
            for record in event["Records"]
        ]

    @staticmethod
    def respond(event: Any, found: Sequence[Outcome], settings: Settings, deadline: float) -> BatchResponse:
        return failures(deliver(found, settings, deadline, ordered=True)[:1])


def _source(event: Any) -> str:
    return str(event["Records"][0].get("eventSourceARN"))


def _check_queues(source: str, settings: Settings) -> None:
    """Returns if the answers have a queue, and one that they do not come back from; before anything is computed.

    Raises:
        SettingsError: they have not.
    """
    if not settings.results_queue_url:
        raise SettingsError("records came, and no queue for their results: set AGNEWS_RESULTS_QUEUE_URL")
    queue = source.split(":")[-2:]  # account and name
    for url in (settings.results_queue_url, settings.dead_letter_queue_url):
        if url.split("/")[-2:] == queue:
            raise SettingsError(f"records come from {source}, and their answers would go there; name another queue")


def failures(undone: Sequence[str]) -> BatchResponse:
    """The partial batch response that has these records come back."""
    return {"batchItemFailures": [{"itemIdentifier": name} for name in undone]}
