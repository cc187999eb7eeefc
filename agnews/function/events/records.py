"""Records of queues, topics and streams. Each carries a direct request in its body; all are classified together."""

import base64
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agnews.api.answer import Answer, answers, batch_answers, error_answer
from agnews.api.request import Item, Request
from agnews.api.values import Json, decoded
from agnews.errors import AgNewsError, DeadlineError, InputError, ModelError
from agnews.function.events.compression import unpacked
from agnews.function.events.direct import OneText, Reading, TextList
from agnews.function.events.eventbridge import EventBridge
from agnews.function.events.fields import Fields, has_fields
from agnews.function.events.refusals import refusal
from agnews.model.classifier import Classifier
from agnews.settings import Settings

FORMS = (OneText, TextList)
SENDING_S = 2.0
"""Seconds kept back before the deadline to send the answers."""
SENDING_SHARE = 0.2
"""The largest share of the remaining time that is kept back."""


class Record(NamedTuple):
    """One record of an event."""

    id: str
    """Assigned by AWS."""
    body: str
    """As received."""
    encoded: bool = False
    """Whether the body is base64."""
    group: str = ""
    """Records of one group keep their order. Empty: no order to keep."""


class RecordResult(NamedTuple):
    """The result of one record."""

    record: Record
    answer: Mapping[str, object]
    """The answer that a direct invocation would get, or `{"error": …}`."""
    items: tuple[Item, ...] = ()
    answers: tuple[Answer, ...] = ()
    """One per item."""
    error: AgNewsError | None = None
    """Why there is no answer. DeadlineError: retry the record. Any other error: it can never be classified."""

    @property
    def late(self) -> bool:
        return isinstance(self.error, DeadlineError)


def computing_deadline(deadline: float) -> float:
    """Return when computing must end to leave time for sending before `deadline`, both on time.monotonic()'s clock."""
    return deadline - min(SENDING_S, SENDING_SHARE * max(0.0, deadline - time.monotonic()))


def classify_records(
    records: Sequence[Record], classifier: Classifier, settings: Settings, deadline: float
) -> list[RecordResult]:
    """Return one result per record, in order. A bad record affects no other. Raises ModelError if the engine fails."""
    reading = Reading.until(deadline, settings, len(classifier.labels))
    parsed = [_parse_record(record, reading) for record in records]
    batch = [request for _, request in parsed if isinstance(request, Request) and not request.options.explain]
    batched = iter(batch_answers(batch, classifier, deadline))
    results = []
    for record, (form, request) in zip(records, parsed, strict=True):
        try:
            if isinstance(request, AgNewsError):
                raise request
            explain = request.options.explain
            predictions = answers(request, classifier, settings, deadline) if explain else next(batched)
            _check_complete(predictions)
            answer = form.respond(predictions, classifier, settings)
            results.append(RecordResult(record, answer, request.items, tuple(predictions)))
        except ModelError:
            raise
        except AgNewsError as error:
            item = Item(None, error)
            results.append(RecordResult(record, error_answer(item), (item,), (error_answer(item),), error))
    return results


def _parse_record(record: Record, reading: Reading) -> tuple[type[OneText] | type[TextList], Request | AgNewsError]:
    try:
        if time.monotonic() >= reading.deadline:
            raise DeadlineError
        event = parse_body(decode_body(record))
        form = next((form for form in FORMS if form.matches(event)), None)
        if form is None:
            raise refusal(event, " or ".join(["a headline as plain text", *(form.form for form in FORMS)]))
        return form, form.parse(event, reading)
    except (DeadlineError, InputError) as error:
        return OneText, error


def has_records(event: Json, source_key: str, source: str, fields: Fields) -> bool:
    """Return whether the event has records, all of which name this source and have these fields."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records:
        return False
    return all(
        isinstance(record, dict) and record.get(source_key) == source and has_fields(record, fields)
        for record in records
    )


def decode_body(record: Record) -> str:
    """Return a record's body as text. Raises InputError if it is not base64, or not UTF-8 (perhaps in gzip) in it."""
    if not record.encoded:
        return record.body
    try:
        return unpacked(base64.b64decode(record.body, validate=True)).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"the record's data is not UTF-8 at byte {error.start}; send UTF-8") from error
    except ValueError as error:
        raise InputError(f"the record's data is not base64: {error}") from error


def parse_body(text: str) -> Json:
    """Return the direct request in a record's body: an object, list or string in JSON, or the text itself.

    What SNS (`Type`, `Message`) or EventBridge (`detail`) wrapped around it is taken off.

    Raises:
        InputError: an EventBridge event has no request.
    """
    event = decoded(text)
    if isinstance(event, dict) and event.get("Type") == "Notification" and isinstance(event.get("Message"), str):
        return parse_body(str(event["Message"]))
    return EventBridge.read(event) if EventBridge.matches(event) else event


def _check_complete(predictions: Sequence[Answer]) -> None:
    """Raise DeadlineError if a text was not classified in time."""
    for prediction in predictions:
        if prediction.get("error", {}).get("type") == DeadlineError.__name__:
            raise DeadlineError(prediction["error"]["message"])


def record_answers(results: Sequence[RecordResult]) -> list[Mapping[str, object]]:
    """Return the answers in the order of the records, with `record_id`. Raises DeadlineError if one is missing."""
    for result in results:
        if result.late and result.error is not None:
            raise result.error
    return [{"record_id": result.record.id, **result.answer} for result in results]
