"""The endpoints of the local server: Lambda's Invoke API, and a Function URL under every other path."""

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import NoReturn
from urllib.parse import unquote

from agnews.api.request import Json
from agnews.cli.local.container import PAYLOAD_BYTES, Container, HandlerResult
from agnews.cli.local.function_url import url_event, url_response

EVENT_BYTES = 1024 * 1024
"""Lambda's limit for the payload of an asynchronous invocation."""
LAMBDA_API = "/2015-03-31/"
"""The path prefix of Lambda's API; all other paths belong to the function."""


@dataclass(frozen=True)
class LocalRequest:
    """One HTTP request to an endpoint."""

    container: Container
    path_groups: tuple[str, ...]
    """What the groups of the endpoint's path pattern captured."""
    method: str
    target: str
    """Path and query as they were sent."""
    client: str
    """The client's IP address."""
    headers: Message
    body: bytes


@dataclass(frozen=True)
class LocalReply:
    """One HTTP response."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    """The end of the log line."""
    afterwards: Callable[[], HandlerResult] | None = None
    """Runs once the response is sent; its error replaces the note."""


def api_refusal(status: int, error_type: str, message: str, headers: Mapping[str, str] | None = None) -> LocalReply:
    """Return the reply to an Invoke request that does not reach the handler, in the form of Lambda's service errors."""
    body = json.dumps({"Type": "User", "message": message}).encode()
    return LocalReply(status, body, {"x-amzn-ErrorType": error_type, **(headers or {})}, error_type)


def url_refusal(status: int, error_type: str, message: str) -> LocalReply:
    """Return the reply to a Function URL request that does not reach the handler, as one of the handler's errors."""
    body = json.dumps({"error": {"type": error_type, "message": message}}).encode()
    return LocalReply(status, body, note=error_type)


def payload_too_large(limit: int) -> LocalReply:
    """Return Lambda's refusal of a payload over `limit` bytes."""
    message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    return api_refusal(413, "RequestTooLargeException", message)


def invoke_function(request: LocalRequest) -> LocalReply:
    """Return Invoke's reply: 200 with the answer or the function's error, 202 for an Event, 204 for a DryRun."""
    kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
    if kind not in ("RequestResponse", "Event", "DryRun"):
        return api_refusal(400, "InvalidParameterValueException", "InvocationType: RequestResponse, Event or DryRun")
    limit = EVENT_BYTES if kind == "Event" else PAYLOAD_BYTES
    if len(request.body) > limit:
        return payload_too_large(limit)
    try:
        event = parse_event(request.body)
    except (ValueError, RecursionError) as error:
        message = f"Could not parse request body into json: {error}"
        return api_refusal(400, "InvalidRequestContentException", message)
    name = unquote(request.path_groups[0])
    if kind == "DryRun":
        return LocalReply(204)
    if kind == "Event":
        return LocalReply(202, afterwards=lambda: request.container.invoke(event, name))
    result = request.container.invoke(event, name)
    headers = {"X-Amz-Executed-Version": "$LATEST"}
    if result.error_type is not None:
        headers["X-Amz-Function-Error"] = "Unhandled"
    return LocalReply(200, result.body, headers, result.error_type or "")


def parse_event(body: bytes) -> Json:
    """Return the event, `{}` for an empty body as in Lambda. Raises ValueError unless the body is JSON in UTF-8."""

    def refuse(token: str) -> NoReturn:
        raise ValueError(f"{token} is not JSON")

    event: Json = json.loads(body.decode(), parse_constant=refuse) if body else {}
    return event


def request_url(request: LocalRequest) -> LocalReply:
    """Return the handler's response to the request as a Function URL event; 502 if it raises, as in Lambda."""
    headers = list(request.headers.items())
    event = url_event(request.method, request.target, headers, request.body, request.client)
    result = request.container.invoke(event, "function", exclusive=request.method == "POST")
    if result.error_type is not None:
        sys.stderr.write(result.body.decode() + "\n")
        return LocalReply(502, b'{"message": "Internal Server Error"}', note=result.error_type)
    status, response_headers, body = url_response(json.loads(result.body))
    return LocalReply(status, body, response_headers)


@dataclass(frozen=True)
class Endpoint:
    """A method, a path pattern and the function that replies to them."""

    method: str | None
    """None for any method."""
    path: re.Pattern[str]
    reply: Callable[[LocalRequest], LocalReply]


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("POST", re.compile(rf"{LAMBDA_API}functions/([^/]+)/invocations"), invoke_function),
    Endpoint(None, re.compile(rf"(?!{LAMBDA_API})/.*"), request_url),
)
