"""What the local server answers: Lambda's Invoke API, and under every other path a Function URL."""

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import NoReturn
from urllib.parse import unquote

from agnews.api.request import Json
from agnews.cli.local import function_url
from agnews.cli.local.container import PAYLOAD_BYTES, Container, Outcome

EVENT_BYTES = 1024 * 1024
"""What Lambda takes in an asynchronous invocation."""


@dataclass(frozen=True)
class Call:
    """One HTTP request whose route was found; `found` is what the route's pattern captured."""

    container: Container
    found: tuple[str, ...]
    method: str
    target: str
    """Path and query as they were sent."""
    client: str
    """Its IP address."""
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Reply:
    """One HTTP answer; `afterwards` runs once it is sent, `note` goes into the log line."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    afterwards: Callable[[], Outcome] | None = None


def refusal(status: int, error_type: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """A call of the Invoke API that never reached the handler, in the form of Lambda's own service errors."""
    body = json.dumps({"Type": "User", "message": message}).encode()
    return Reply(status, body, {"x-amzn-ErrorType": error_type, **(headers or {})}, error_type)


def url_refusal(status: int, error_type: str, message: str) -> Reply:
    """A request by the Function URL that never reached the handler, in the form of the handler's own errors."""
    body = json.dumps({"error": {"type": error_type, "message": message}}).encode()
    return Reply(status, body, note=error_type)


def invoke(call: Call) -> Reply:
    """The Invoke API: 200 with the answer or the function's error, 202 for an Event, 204 for a DryRun."""
    kind = call.headers.get("X-Amz-Invocation-Type", "RequestResponse")
    if kind not in ("RequestResponse", "Event", "DryRun"):
        return refusal(400, "InvalidParameterValueException", "InvocationType: RequestResponse, Event or DryRun")
    limit = EVENT_BYTES if kind == "Event" else PAYLOAD_BYTES
    if len(call.body) > limit:
        return too_large(limit)
    try:
        event = parsed(call.body)
    except (ValueError, RecursionError) as error:
        message = f"Could not parse request body into json: {error}"
        return refusal(400, "InvalidRequestContentException", message)
    name = unquote(call.found[0])
    if kind == "DryRun":
        return Reply(204)
    if kind == "Event":
        return Reply(202, afterwards=lambda: call.container.invoke(event, name))
    outcome = call.container.invoke(event, name)
    headers = {"X-Amz-Executed-Version": "$LATEST"}
    if outcome.error_type is not None:
        headers["X-Amz-Function-Error"] = "Unhandled"
    return Reply(200, outcome.body, headers, outcome.error_type or "")


def by_url(call: Call) -> Reply:
    """What the handler answers to the same request through a Function URL; 502 where it raises, as there."""
    event = function_url.event(call.method, call.target, list(call.headers.items()), call.body, call.client)
    outcome = call.container.invoke(event, "function", waits=call.method == "POST")
    if outcome.error_type is not None:
        sys.stderr.write(outcome.body.decode() + "\n")
        return Reply(502, b'{"message": "Internal Server Error"}', note=outcome.error_type)
    status, headers, body = function_url.answer(json.loads(outcome.body))
    return Reply(status, body, headers)


def parsed(body: bytes) -> Json:
    """The event; `{}` for an empty body, as Lambda hands it on. Raises ValueError for what is not JSON in UTF-8."""

    def refuse(token: str) -> NoReturn:
        raise ValueError(f"{token} is not JSON")

    event: Json = json.loads(body.decode(), parse_constant=refuse) if body else {}
    return event


def too_large(limit: int) -> Reply:
    """Lambda's refusal of a payload over `limit` bytes."""
    message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    return refusal(413, "RequestTooLargeException", message)


@dataclass(frozen=True)
class Route:
    """One method and path, and what answers it."""

    method: str | None
    """None: any."""
    path: re.Pattern[str]
    answer: Callable[[Call], Reply]


INVOKE = "/2015-03-31/"
"""Where Lambda's own API begins; every other path is the function's."""

ROUTES: tuple[Route, ...] = (
    Route("POST", re.compile(r"/2015-03-31/functions/([^/]+)/invocations"), invoke),
    Route(None, re.compile(rf"(?!{INVOKE})/.*"), by_url),
)
