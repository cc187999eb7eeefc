"""What records were answered with, as messages to the results queue or the dead-letter queue."""

from collections.abc import Sequence
from itertools import groupby, takewhile
from typing import Any

from agnews.api.answer import error_body
from agnews.errors import AnswerSizeError
from agnews.function.events.records import Outcome, Record
from agnews.function.queue import LOG, MESSAGE_BYTES, Message, Queue, as_json, sqs_client
from agnews.settings import Settings

ATTRIBUTE_CHARS = 500
"""Of an error's message beside a dead letter."""


def deliver(found: Sequence[Outcome], settings: Settings, deadline: float, ordered: bool) -> list[str]:
    """The ids of the records that are not done: not reached in time, or their answer not accepted by its queue.

    Ordered: the first of those and all after it; its queue got no call after the one that failed.
    """
    done: set[str] = set()
    for url, run in groupby(sendable(found, settings, ordered), key=lambda outcome: goes_to(outcome, settings)):
        outcomes = list(run)
        messages = [message(outcome, settings) for outcome in outcomes]
        accepted = Queue(url, sqs_client()).send(messages, deadline, ordered)
        done |= {outcome.record.id for outcome, taken in zip(outcomes, accepted, strict=True) if taken}
        if ordered and not all(accepted):
            break
    ids = [outcome.record.id for outcome in found]
    undone = [name for name in ids if name not in done]
    return ids[ids.index(undone[0]) :] if ordered and undone else undone


def sendable(found: Sequence[Outcome], settings: Settings, ordered: bool) -> list[Outcome]:
    """What was reached in time; ordered: up to the first that was not, otherwise by queue, so that calls are full."""
    if ordered:
        return list(takewhile(lambda outcome: not outcome.late, found))
    reached = [outcome for outcome in found if not outcome.late]
    return sorted(reached, key=lambda outcome: goes_to(outcome, settings))


def goes_to(outcome: Outcome, settings: Settings) -> str:
    """The queue for what became of a record."""
    return (settings.dead_letter_queue_url if outcome.error else "") or settings.results_queue_url


def message(outcome: Outcome, settings: Settings) -> Message:
    """What is sent for a record: its answer, itself as a dead letter, or where neither can be, its error."""
    record = outcome.record
    if outcome.error is None:
        answer = Message(record.id, as_json({"record_id": record.id, **outcome.answer}), record.group)
        if answer.size <= MESSAGE_BYTES:
            return answer
        told = (
            f"the answer has {answer.size:,} bytes, and a message at most {MESSAGE_BYTES:,}; send fewer texts at once"
        )
        return _error(record, {"error": error_body(AnswerSizeError(told))})
    letter = _letter(outcome) if settings.dead_letter_queue_url else None
    return letter or _error(record, outcome.answer)


def _letter(outcome: Outcome) -> Message | None:
    """The record itself, with its error as attributes; None where no queue takes it: empty, or too large."""
    record = outcome.record
    told = str(outcome.error)[:ATTRIBUTE_CHARS].encode("ascii", "backslashreplace").decode()
    attributes = {"record_id": record.id, "error_type": type(outcome.error).__name__, "error_message": told}
    found = Message(record.id, record.body, record.group, attributes)
    return found if record.body and found.size <= MESSAGE_BYTES else None


def _error(record: Record, answer: Any) -> Message:
    """The error's message, with the record's body as far as both go into one."""
    whole = Message(record.id, as_json({"record_id": record.id, **answer, "body": record.body}), record.group)
    if whole.size <= MESSAGE_BYTES:
        return whole
    LOG.warning("record %s is too large to stand beside its error, and is left out of it", record.id)
    return Message(record.id, as_json({"record_id": record.id, **answer, "body": None}), record.group)
