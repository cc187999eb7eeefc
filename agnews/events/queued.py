"""Amazon SQS and Kinesis: answers go to the results queue, and `batchItemFailures` names what should come back."""

import base64
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from agnews.answer import error_body
from agnews.delivery import MESSAGE_BYTES, Message, Queue, as_json, sqs_client
from agnews.errors import AnswerSizeError, SettingsError
from agnews.events.records import Outcome, Record, all_from, from_base64
from agnews.request import Json
from agnews.settings import Settings

ATTRIBUTE_CHARS = 500
"""Of an error's message beside a dead letter."""


class Sqs:
    """An SQS event source mapping with ReportBatchItemFailures, from a standard or a FIFO queue."""

    form = "an SQS event source mapping's records"

    @staticmethod
    def matches(event: Json) -> bool:
        return all_from(event, "aws:sqs", {"messageId", "body", "attributes"})

    @staticmethod
    def read(event: Any) -> list[Record]:
        return [
            Record(record["messageId"], record["body"], record["attributes"].get("MessageGroupId", ""))
            for record in event["Records"]
        ]

    @staticmethod
    def respond(event: Any, found: Sequence[Outcome], settings: Settings, deadline: float) -> dict[str, object]:
        return failures(deliver(found, settings, deadline, ordered=_fifo(event)))


class Kinesis:
    """A Kinesis event source mapping with ReportBatchItemFailures: from the first failure on, all come back."""

    form = "a Kinesis stream's records"

    @staticmethod
    def matches(event: Json) -> bool:
        return all_from(event, "aws:kinesis", {"kinesis", "eventID"})

    @staticmethod
    def read(event: Any) -> list[Record]:
        return [
            Record(
                record["kinesis"]["sequenceNumber"],
                from_base64(record["kinesis"]["data"]),
                record["eventID"].partition(":")[0],  # the shard's, which keeps the order
            )
            for record in event["Records"]
        ]

    @staticmethod
    def respond(event: Any, found: Sequence[Outcome], settings: Settings, deadline: float) -> dict[str, object]:
        return failures(deliver(found, settings, deadline, ordered=True)[:1])


def _fifo(event: Any) -> bool:
    return str(event["Records"][0].get("eventSourceARN")).endswith(".fifo")


def failures(undone: Sequence[str]) -> dict[str, object]:
    """The partial batch response that has these records come back."""
    return {"batchItemFailures": [{"itemIdentifier": name} for name in undone]}


def deliver(found: Sequence[Outcome], settings: Settings, deadline: float, ordered: bool) -> list[str]:
    """The ids of the records that are not done: not reached in time, or their answer not accepted by its queue.

    Ordered: the first of those and all after it, none of which was sent.

    Raises:
        SettingsError: no results queue is named.
    """
    if not settings.results_queue_url:
        raise SettingsError("records came, and no queue for their results: set AGNEWS_RESULTS_QUEUE_URL")
    pending = list(found)
    done: set[str] = set()
    if ordered:
        reached = next((index for index, outcome in enumerate(pending) if outcome.late), len(pending))
        pending = pending[:reached]
    else:
        pending = sorted((outcome for outcome in pending if not outcome.late), key=lambda one: goes_to(one, settings))
    for url, run in groupby(pending, key=lambda one: goes_to(one, settings)):
        outcomes = list(run)
        messages = [message(outcome, settings) for outcome in outcomes]
        accepted = Queue(url, sqs_client()).send(messages, deadline, ordered)
        done |= {outcome.record.id for outcome, taken in zip(outcomes, accepted, strict=True) if taken}
        if ordered and not all(accepted):
            break
    undone = [outcome.record.id for outcome in found if outcome.record.id not in done]
    if not ordered or not undone:
        return undone
    names = [outcome.record.id for outcome in found]
    return names[names.index(undone[0]) :]


def goes_to(outcome: Outcome, settings: Settings) -> str:
    """The queue for what became of a record."""
    return (settings.dead_letter_queue_url if outcome.error else "") or settings.results_queue_url


def message(outcome: Outcome, settings: Settings) -> Message:
    """What is sent for a record: its answer, its error with what it carried, or itself as a dead letter."""
    record = outcome.record
    body = record.body if isinstance(record.body, str) else base64.b64encode(record.body).decode()
    if outcome.error is None:
        answer = Message(record.id, as_json({"record_id": record.id, **outcome.answer}), record.group)
        if answer.bytes <= MESSAGE_BYTES:
            return answer
        told = (
            f"the answer has {answer.bytes:,} bytes, and a message at most {MESSAGE_BYTES:,}; send fewer texts at once"
        )
        return _error(record, {"error": error_body(AnswerSizeError(told))}, body)
    if not settings.dead_letter_queue_url:
        return _error(record, outcome.answer, body)
    told = str(outcome.error)[:ATTRIBUTE_CHARS].encode("ascii", "backslashreplace").decode()
    attributes = {"record_id": record.id, "error_type": type(outcome.error).__name__, "error_message": told}
    letter = Message(record.id, body, record.group, attributes)
    return letter if letter.bytes <= MESSAGE_BYTES else Message(record.id, body, record.group)


def _error(record: Record, answer: Any, body: str) -> Message:
    """The error's message, with the record's body as far as both go into one."""
    whole = Message(record.id, as_json({"record_id": record.id, **answer, "body": body}), record.group)
    if whole.bytes <= MESSAGE_BYTES:
        return whole
    return Message(record.id, as_json({"record_id": record.id, **answer, "body": None}), record.group)
