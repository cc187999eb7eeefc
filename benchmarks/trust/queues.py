"""Queues that misbehave: what they did not clearly accept is sent again, and the answer is never late.

The real botocore talks to a socket that hangs, drips, ends too early, or replies what SQS never would.
"""

import json
import os
import random
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

from agnews.function.events.dispatch import answer
from agnews.function.queue import sqs_client
from agnews.model.classifier import Classifier, load
from agnews.settings import Settings
from benchmarks.trust.ledger import Outcome, Part
from benchmarks.trust.strategies import PAYLOADS

LATE_MS = 50
"""How late an answer may be."""
SLOW_S = 0.3
"""Between two bytes of a reply that drips."""
HANGING_S = 20

Reply = Callable[[list[str], random.Random], bytes]
"""Takes the ids of the entries, and returns the reply's bytes."""


def http(body: object, status: str = "200 OK") -> bytes:
    """Return an HTTP reply with a body in JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: {len(content)}\r\n\r\n"
    return head.encode() + content


def entry(name: object) -> dict[str, object]:
    """Return an entry of `Successful`."""
    return {"Id": name, "MessageId": "m", "MD5OfMessageBody": "0" * 32}


def accept(ids: list[str], _chance: random.Random) -> bytes:
    """Accept all."""
    return http({"Successful": [entry(name) for name in ids], "Failed": []})


def accept_some(ids: list[str], chance: random.Random) -> bytes:
    """Accept some, and refuse or forget the others; the codes may be missing."""
    taken = [name for name in ids if chance.random() < 0.5]
    failed = [{"Id": name, **chance.choice(ERRORS)} for name in ids if name not in taken and chance.random() < 0.7]
    return http({"Successful": [entry(name) for name in taken], "Failed": failed})


def contradict(ids: list[str], chance: random.Random) -> bytes:
    """Name ids twice, in both lists, and unknown ones."""
    strange = [entry(chance.choice((*ids, "99", "x", "-1", "", None, 7, ["0"]))) for _ in range(5)]
    failed: list[Any] = [{"Id": name, "SenderFault": False} for name in ids]
    return http({"Successful": [*strange, *strange], "Failed": [*failed, None, {}, "0"]})


def misreply(_ids: list[str], chance: random.Random) -> bytes:
    """Reply what no queue replies."""
    return chance.choice(STRANGE)


ERRORS: tuple[dict[str, object], ...] = (
    {},
    {"Code": None, "SenderFault": None},
    {"Code": "InternalError", "SenderFault": False, "Message": "\x00"},
    {"Code": ["x"], "SenderFault": True},
)
STRANGE = (
    b"",
    b"HTTP/1.1 200 OK\r\n",
    b"SSH-2.0-OpenSSH\r\n",
    b"\x00" * 64,
    b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{",
    b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    http(b""),
    http(b"{"),
    http(b"<html></html>"),
    http([]),
    http({}),
    http({"Successful": None}),
    http({"Successful": 5, "Failed": {}}),
    http({"Successful": {"0": {}}}),
    http({}, "500 Internal Server Error"),
    http(b"", "503 Service Unavailable"),
    http({"__type": None}, "400 Bad Request"),
    http({"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no"}, "400 Bad Request"),
    http({"message": 7}, "403 Forbidden"),
    http({}, "302 Found"),
)
REPLIES: tuple[Reply, ...] = (accept, accept_some, contradict, misreply)
WAYS = ("at once", "drips", "hangs", "hangs up")


class Endpoint(socketserver.ThreadingTCPServer):
    """Replies to each request in a way of its own, and records the ids of records that it accepted."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, chance: random.Random) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.chance = chance
        self.way = chance.choice(WAYS)
        self.reply = chance.choice(REPLIES)
        self.is_constant = chance.random() < 0.5
        """Whether it treats all requests alike."""
        self.accepted: set[str] = set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that did not wait for the reply; anything else is a bug."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Connection(socketserver.StreamRequestHandler):
    """One request."""

    server: Endpoint

    def handle(self) -> None:
        """Read the request, and reply in the endpoint's way."""
        length = 0
        while (line := self.rfile.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        entries = json.loads(self.rfile.read(length) or b"{}").get("Entries", [])
        way, reply = self._plan()
        content = reply([message["Id"] for message in entries], self.server.chance)
        self._record(entries, content)
        if way == "hangs":
            time.sleep(HANGING_S)
        for start in range(0, len(content), 1 if way == "drips" else len(content) or 1):
            if way == "hangs up" and start == 0:
                return
            self.wfile.write(content[start : start + (1 if way == "drips" else len(content))])
            time.sleep(SLOW_S if way == "drips" else 0)

    def _plan(self) -> tuple[str, Reply]:
        if self.server.is_constant:
            return self.server.way, self.server.reply
        return self.server.chance.choice(WAYS), self.server.chance.choice(REPLIES)

    def _record(self, entries: list[dict[str, Any]], content: bytes) -> None:
        """Note which records the reply accepts, whether it arrives or not."""
        bodies = {message["Id"]: json.loads(message["MessageBody"])["record_id"] for message in entries}
        body = content.partition(b"\r\n\r\n")[2]
        if body[:14] == b'{"Successful":' and isinstance(listed := json.loads(body)["Successful"], list):
            self.server.accepted |= {bodies[str(taken["Id"])] for taken in listed if str(taken["Id"]) in bodies}


@contextmanager
def endpoint(chance: random.Random) -> Iterator[Endpoint]:
    """Yield an endpoint to which the client of this process sends."""
    with Endpoint(chance) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        variables = {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",  # nosec B105 # a stand-in
        }
        with mock.patch.dict(os.environ, variables):
            sqs_client.cache_clear()
            yield server
            sqs_client.cache_clear()
        server.shutdown()


def problem_with(server: Endpoint, classifier: Classifier, settings: Settings, left_s: float) -> tuple[str, float]:
    """Return what is wrong with the answer to some records, empty if nothing is, and how late it was in ms."""
    count = server.chance.randint(1, 25)
    record = PAYLOADS["sqs"]["Records"][0]
    records = [record | {"messageId": f"m{index}", "body": f"Oil climbs {index}"} for index in range(count)]
    url = f"{os.environ['AWS_ENDPOINT_URL']}/123456789012/topics"
    sqs_client()
    deadline = time.monotonic() + left_s
    reply: Any = answer({"Records": records}, classifier, settings._replace(results_queue_url=url), deadline)
    late_ms = (time.monotonic() - deadline) * 1000
    returned = {failure["itemIdentifier"] for failure in reply["batchItemFailures"]}
    lost = {f"m{index}" for index in range(count)} - returned - server.accepted
    if lost:
        return f"{sorted(lost)} neither accepted nor returned", late_ms
    return (f"{late_ms:.0f} ms late" if late_ms > LATE_MS else ""), late_ms


def misbehaving(number: int, inputs: int) -> Outcome:
    """Send the results of records to so many queues."""
    chance = random.Random(number)
    settings = Settings(workers=1)
    classifier = load(settings)
    failures, late = [], []
    for _ in range(inputs):
        left_s = chance.uniform(0.3, 3)
        with endpoint(chance) as server:
            problem, late_ms = problem_with(server, classifier, settings, left_s)
        late.append(late_ms)
        if problem:
            way = server.way if server.is_constant else "in several ways"
            failures.append(f"{way}, {server.reply.__name__}, {left_s:.1f} s left: {problem}")
    return Outcome(inputs, inputs, tuple(failures), {"latest_ms": round(max(late), 1)})


PART = Part("queues", "misbehaving SQS endpoints", 250, 25, misbehaving)
