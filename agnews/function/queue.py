"""Send messages to an SQS queue: in batches, with retries, until a deadline."""

import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from functools import cache
from threading import Thread
from typing import Any, NamedTuple, Protocol

from agnews.errors import SettingsError

MESSAGE_BYTES = 1024 * 1024
"""SQS's limit for one message, and for one call (AWS, "Amazon SQS message quotas")."""
BATCH_MESSAGES = 10
"""SQS's limit for messages in one call."""
ATTEMPTS = 5
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 2.0
"""A wait is random (full jitter), from 0 to FIRST_WAIT_S doubled with each attempt, but no more than this."""
CALL_S = 2.0
"""The longest that a call may take, in all."""
SILENCE_S = 1
"""How long botocore waits for a connection, and for each next byte."""
SHORTEST_CALL_S = 0.1
"""With less time left, no call begins."""
RETRYABLE_CODES = frozenset({"RequestThrottled", "Throttling", "ThrottlingException", "KMS.ThrottlingException"})
"""Error codes that SQS reports as the caller's fault, but for which a retry may succeed."""

LOG = logging.getLogger("agnews")


class SqsClient(Protocol):
    """The part of botocore's SQS client that is used."""

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]: ...  # noqa: N803


class Message(NamedTuple):
    """A message for one record."""

    id: str
    """The record's id, which is the deduplication id in a FIFO queue."""
    body: str
    group: str = ""
    """Message group in a FIFO queue. Empty: a group of its own."""
    attributes: Mapping[str, str] = {}

    @property
    def size(self) -> int:
        """Bytes, as SQS counts them: the body, and the names, types and values of the attributes."""
        attributes = sum(len(name) + len("String") + len(value.encode()) for name, value in self.attributes.items())
        return len(self.body.encode()) + attributes


class Queue(NamedTuple):
    """A queue to send to."""

    url: str
    client: SqsClient
    sleep: Callable[[float], None] = time.sleep

    @property
    def fifo(self) -> bool:
        return self.url.endswith(".fifo")

    def send(self, messages: Sequence[Message], deadline: float, ordered: bool) -> list[bool]:
        """Send the messages and return, for each, whether the queue accepted it.

        No call begins that cannot end by `deadline` (time.monotonic()), nor, with `ordered`, after a refused message.
        """
        accepted: list[bool] = []
        for batch in split_messages(messages, 1 if self.fifo else BATCH_MESSAGES):
            if time.monotonic() + SHORTEST_CALL_S > deadline or (ordered and not all(accepted)):
                break
            accepted += self._send_batch(batch, deadline)
        return accepted + [False] * (len(messages) - len(accepted))

    def _send_batch(self, messages: Sequence[Message], deadline: float) -> list[bool]:
        """Send one batch, with retries until `deadline`, and return which messages were accepted."""
        from random import uniform  # takes some milliseconds, which a start does not need

        waiting = dict(enumerate(messages))
        accepted = [False] * len(messages)
        for attempt in range(ATTEMPTS):
            entries = [self._entry(index, message) for index, message in waiting.items()]
            successful, rejected = self._call(entries, min(CALL_S, deadline - time.monotonic()))
            for index in successful & waiting.keys():
                accepted[index] = True
            waiting = {index: message for index, message in waiting.items() if index not in successful | rejected}
            wait = uniform(0, min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempt))
            if not waiting or attempt == ATTEMPTS - 1 or time.monotonic() + wait + SHORTEST_CALL_S > deadline:
                break
            self.sleep(wait)
        return accepted

    def _call(self, entries: list[dict[str, Any]], seconds: float) -> tuple[set[int], set[int]]:
        """Make one call. Return the indices of the accepted entries, and of those for which a retry is pointless."""
        from botocore.exceptions import BotoCoreError, ClientError  # slow to import, and needed only with a queue

        try:
            response = self._reply(entries, seconds)
        except ClientError as error:
            LOG.warning("the queue %s refused a call: %s", self.url, error)
            return set(), set() if _is_retryable(error.response) else {int(entry["Id"]) for entry in entries}
        except (BotoCoreError, TimeoutError, AttributeError, LookupError, TypeError, ValueError) as error:
            LOG.warning("the queue %s gave no valid reply: %s %s", self.url, type(error).__name__, error)
            return set(), set()
        failed = _entries(response, "Failed")
        for entry in failed.values():
            LOG.warning("the queue %s refused a message: %s %s", self.url, entry.get("Code"), entry.get("Message"))
        pointless = {index for index, entry in failed.items() if _is_final(entry)}
        return _entries(response, "Successful").keys() - failed.keys(), pointless

    def _reply(self, entries: list[dict[str, Any]], seconds: float) -> dict[str, Any]:
        """Return the reply to one call. Raises TimeoutError after `seconds`; the call then ends in its thread."""
        reply: Future[dict[str, Any]] = Future()

        def send() -> None:
            try:
                reply.set_result(self.client.send_message_batch(QueueUrl=self.url, Entries=entries))
            except Exception as error:  # raised again by result()
                reply.set_exception(error)

        Thread(target=send, name="agnews-queue", daemon=True).start()
        return reply.result(seconds)

    def _entry(self, index: int, message: Message) -> dict[str, Any]:
        entry: dict[str, Any] = {"Id": str(index), "MessageBody": message.body}
        if message.attributes:
            entry["MessageAttributes"] = {
                name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
            }
        if self.fifo:
            entry |= {"MessageGroupId": message.group or message.id, "MessageDeduplicationId": message.id}
        return entry


def split_messages(messages: Sequence[Message], max_messages: int) -> Iterator[list[Message]]:
    """Yield the messages in batches of up to `max_messages` that SQS accepts in one call."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        if batch and (len(batch) == max_messages or size + message.size > MESSAGE_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += message.size
    if batch:
        yield batch


def _entries(response: Mapping[str, Any], key: str) -> dict[int, Mapping[str, Any]]:
    """Return the entries of one of a reply's lists, by their indices. Those without an index are left out."""
    listed = response.get(key)
    entries = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return {int(entry["Id"]): entry for entry in entries if re.fullmatch("[0-9]", str(entry.get("Id")))}


def _is_final(entry: Mapping[str, Any]) -> bool:
    """Return whether a message was refused for good."""
    return bool(entry.get("SenderFault")) and str(entry.get("Code")) not in RETRYABLE_CODES


def _is_retryable(response: Mapping[str, Any]) -> bool:
    """Return whether the same call may succeed later: the service failed, or there were too many calls."""
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return status >= 500 or status == 429 or response.get("Error", {}).get("Code") in RETRYABLE_CODES


@cache
def sqs_client() -> SqsClient:
    """Return the client, created once per container. Raises SettingsError without botocore or a region."""
    try:
        from botocore.config import Config
        from botocore.exceptions import NoRegionError
        from botocore.session import Session
    except ImportError as error:
        raise SettingsError(f"sending results to a queue needs botocore: pip install botocore ({error})") from error
    # At INFO, every container would log where it found its credentials.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    # Queue retries by itself, until its deadline.
    single_attempt = Config(connect_timeout=SILENCE_S, read_timeout=SILENCE_S, retries={"total_max_attempts": 1})
    try:
        client: SqsClient = Session().create_client("sqs", config=single_attempt)
    except NoRegionError as error:
        raise SettingsError("sending results to a queue needs a region; set AWS_DEFAULT_REGION") from error
    return client


def message_body(content: Mapping[str, object]) -> str:
    """Return `content` as JSON in ASCII, because SQS refuses some characters that JSON can escape."""
    return json.dumps(content, allow_nan=False)
