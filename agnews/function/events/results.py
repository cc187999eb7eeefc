"""The results of records, as messages to the results queue or the dead-letter queue."""

import re
from collections.abc import Mapping, Sequence
from itertools import groupby, takewhile

from agnews.api.answer import error_body
from agnews.errors import AnswerSizeError
from agnews.function.events.records import Record, RecordResult
from agnews.function.queue import LOG, MESSAGE_BYTES, Message, Queue, message_body, sqs_client
from agnews.settings import Settings

REFUSED_CHARACTERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What SQS accepts in no message (AWS, "SendMessage"). The set that it accepts would take 4 ms to compile."""
ATTRIBUTE_CHARS = 500
"""Maximum length of the error message in a dead letter's attributes."""


def deliver(results: Sequence[RecordResult], settings: Settings, deadline: float, ordered: bool) -> list[str]:
    """Send the results and return the ids of the records to retry: not classified in time, or not accepted.

    With `ordered`, these are the first such record and all after it, and nothing is sent after a failed call.
    """
    delivered: set[str] = set()
    for url, run in groupby(sendable(results, settings, ordered), key=lambda result: queue_url(result, settings)):
        batch = list(run)
        messages = [result_message(result, settings) for result in batch]
        accepted = Queue(url, sqs_client()).send(messages, deadline, ordered)
        delivered |= {result.record.id for result, taken in zip(batch, accepted, strict=True) if taken}
        if ordered and not all(accepted):
            break
    ids = [result.record.id for result in results]
    undelivered = [record_id for record_id in ids if record_id not in delivered]
    return ids[ids.index(undelivered[0]) :] if ordered and undelivered else undelivered


def sendable(results: Sequence[RecordResult], settings: Settings, ordered: bool) -> list[RecordResult]:
    """Return the results that can be sent: without those that are late or, with `ordered`, until the first late one.

    Without `ordered` they are sorted by queue, so that calls are full.
    """
    if ordered:
        return list(takewhile(lambda result: not result.late, results))
    in_time = [result for result in results if not result.late]
    return sorted(in_time, key=lambda result: queue_url(result, settings))


def queue_url(result: RecordResult, settings: Settings) -> str:
    """Return the URL of the queue for a result."""
    return (settings.dead_letter_queue_url if result.error else "") or settings.results_queue_url


def result_message(result: RecordResult, settings: Settings) -> Message:
    """Return the message for a result: the answer, the record as a dead letter, or if neither fits, the error."""
    record = result.record
    if result.error is None:
        message = Message(record.id, message_body({"record_id": record.id, **result.answer}), record.group)
        if message.size <= MESSAGE_BYTES:
            return message
        error = AnswerSizeError(
            f"the answer has {message.size:,} bytes, at most {MESSAGE_BYTES:,} are allowed in a message; "
            "send fewer texts in one record, or lower top_k"
        )
        return _error_message(record, {"error": error_body(error)})
    dead_letter = _dead_letter(result) if settings.dead_letter_queue_url else None
    return dead_letter or _error_message(record, result.answer)


def _dead_letter(result: RecordResult) -> Message | None:
    """Return the record itself with its error as attributes; None if SQS does not accept it as it is."""
    record = result.record
    if not record.body or REFUSED_CHARACTERS.search(record.body):
        return None
    attributes = {
        "record_id": record.id,
        "error_type": type(result.error).__name__,
        "error_message": str(result.error)[:ATTRIBUTE_CHARS].encode("ascii", "backslashreplace").decode(),
    }
    message = Message(record.id, record.body, record.group, attributes)
    return message if message.size <= MESSAGE_BYTES else None


def _error_message(record: Record, answer: Mapping[str, object]) -> Message:
    """Return the error's message, with the record's body if both fit into it."""
    body = message_body({"record_id": record.id, **answer, "body": record.body})
    message = Message(record.id, body, record.group)
    if message.size <= MESSAGE_BYTES:
        return message
    LOG.warning("the body of record %s is too large for its error's message and was left out", record.id)
    return Message(record.id, message_body({"record_id": record.id, **answer, "body": None}), record.group)
