"""What records were answered with, on its way to the results queue (Amazon SQS)."""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, Protocol

from agnews.errors import SettingsError

MESSAGE_BYTES = 1024 * 1024
"""What SQS takes in one message, and in one call (AWS, "Amazon SQS message quotas")."""
ENTRIES = 10
"""Messages in one call."""
ATTEMPTS = 5
FIRST_WAIT_S = 0.1
LONGEST_WAIT_S = 2.0
"""Full jitter: a wait is anything up to FIRST_WAIT_S, doubled with each attempt up to this."""
PASSING = frozenset({"RequestThrottled", "Throttling", "ThrottlingException", "KMS.ThrottlingException"})
"""Codes of SQS that are the caller's fault by their status, and pass all the same."""

LOG = logging.getLogger("agnews")


class SqsClient(Protocol):
    """The part of botocore's SQS client that is used."""

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]: ...  # noqa: N803


class Message(NamedTuple):
    """What is sent for one record."""

    id: str
    """The record's, which is the deduplication id in a FIFO queue."""
    body: str
    group: str = ""
    """Its order's name in a FIFO queue; empty: a group of its own."""
    attributes: Mapping[str, str] = {}

    @property
    def size(self) -> int:
        """In bytes, as SQS counts them: body, and names, types and values of the attributes."""
        told = sum(len(name) + len("String") + len(value.encode()) for name, value in self.attributes.items())
        return len(self.body.encode()) + told


class Queue(NamedTuple):
    """A queue to send to."""

    url: str
    client: SqsClient
    sleep: Callable[[float], None] = time.sleep

    @property
    def fifo(self) -> bool:
        return self.url.endswith(".fifo")

    def send(self, messages: Sequence[Message], deadline: float, ordered: bool) -> list[bool]:
        """Which of the messages the queue accepted: none of those whose turn came after `deadline` (time.monotonic()).

        Ordered: no call is made after one that was not accepted as a whole.
        """
        accepted: list[bool] = []
        for call in calls(messages, 1 if self.fifo else ENTRIES):
            if time.monotonic() >= deadline or (ordered and not all(accepted)):
                break
            accepted += self._send(call, deadline)
        return accepted + [False] * (len(messages) - len(accepted))

    def _send(self, messages: Sequence[Message], deadline: float) -> list[bool]:
        """Which of one call's messages were accepted, at last: what may pass is tried again until `deadline`."""
        from random import uniform  # some milliseconds: not paid by a start

        waiting = dict(enumerate(messages))
        accepted = [False] * len(messages)
        for attempt in range(ATTEMPTS):
            entries = [self._entry(index, message) for index, message in waiting.items()]
            done, hopeless = self._call(entries)
            for index in done:
                accepted[index] = True
            waiting = {index: message for index, message in waiting.items() if index not in done | hopeless}
            wait = uniform(0, min(LONGEST_WAIT_S, FIRST_WAIT_S * 2**attempt))
            if not waiting or attempt == ATTEMPTS - 1 or time.monotonic() + wait > deadline:
                break
            self.sleep(wait)
        return accepted

    def _call(self, entries: list[dict[str, Any]]) -> tuple[set[int], set[int]]:
        """Which entries were accepted, and which never will be."""
        from botocore.exceptions import BotoCoreError, ClientError  # slow to import, and only where there is a queue

        asked = {int(entry["Id"]) for entry in entries}
        try:
            found = self.client.send_message_batch(QueueUrl=self.url, Entries=entries)
        except ClientError as error:
            LOG.warning("the queue %s refused a call: %s", self.url, error)
            return set(), set() if _passes(error.response) else asked
        except BotoCoreError as error:
            LOG.warning("the queue %s could not be reached: %s", self.url, error)
            return set(), set()
        failed = found.get("Failed", [])
        for entry in failed:
            LOG.warning("the queue %s refused a message: %s %s", self.url, entry["Code"], entry.get("Message", ""))
        hopeless = {int(entry["Id"]) for entry in failed if entry["SenderFault"] and entry["Code"] not in PASSING}
        return {int(entry["Id"]) for entry in found.get("Successful", [])}, hopeless

    def _entry(self, index: int, message: Message) -> dict[str, Any]:
        entry: dict[str, Any] = {"Id": str(index), "MessageBody": message.body}
        if message.attributes:
            entry["MessageAttributes"] = {
                name: {"DataType": "String", "StringValue": value} for name, value in message.attributes.items()
            }
        if self.fifo:
            entry |= {"MessageGroupId": message.group or message.id, "MessageDeduplicationId": message.id}
        return entry


def calls(messages: Sequence[Message], most: int) -> Iterator[list[Message]]:
    """The messages in lists of at most `most` that SQS takes in one call."""
    call: list[Message] = []
    size = 0
    for message in messages:
        if call and (len(call) == most or size + message.size > MESSAGE_BYTES):
            yield call
            call, size = [], 0
        call.append(message)
        size += message.size
    if call:
        yield call


def _passes(response: Mapping[str, Any]) -> bool:
    """True if the same call may succeed later: the service's own fault, or too many at once."""
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
    return status >= 500 or status == 429 or response.get("Error", {}).get("Code") in PASSING


@cache
def sqs_client() -> SqsClient:
    """Made once per container. Raises SettingsError where botocore or the region is missing."""
    try:
        from botocore.config import Config
        from botocore.exceptions import NoRegionError
        from botocore.session import Session
    except ImportError as error:
        raise SettingsError("a queue is named, and botocore is not installed: pip install -e '.[aws]'") from error
    # At INFO it tells in each container where it found its keys.
    logging.getLogger("botocore").setLevel(logging.WARNING)
    # Queue repeats, to its deadline.
    once = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})
    try:
        client: SqsClient = Session().create_client("sqs", config=once)
    except NoRegionError as error:
        raise SettingsError("a queue is named, and no region: set AWS_DEFAULT_REGION") from error
    return client


def as_json(found: Mapping[str, object]) -> str:
    """A message's body, in ASCII: SQS refuses a few characters that JSON can escape."""
    return json.dumps(found, allow_nan=False)
