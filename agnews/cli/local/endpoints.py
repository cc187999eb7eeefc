"""The endpoints of the local server: Lambda's Invoke API, and a Function URL under every other path."""

import base64
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from urllib.parse import parse_qs, unquote

from agnews.api.values import Json
from agnews.cli.local.container import PAYLOAD_BYTES, Container, HandlerResult
from agnews.cli.local.function_url import url_event, url_response

EVENT_BYTES = 1024 * 1024
"""Lambda's limit for the payload of an asynchronous invocation."""
LOG_BYTES = 4096
"""How much of the end of the log Invoke returns."""
LAMBDA_API = "/2015-03-31/"
"""The path prefix of Lambda's API; all other paths belong to the function."""
INVOCATIONS = re.compile(rf"{LAMBDA_API}functions/([^/]+)/invocations")
FUNCTION = re.compile(
    r"(?:(?:arn:aws:lambda:[\w-]+:)?\d{12}:(?:function:)?)?([\w-]{1,64})(?::(\$LATEST|[\w-]{1,128}))?"
)
"""What Invoke takes for a function: its name or ARN, with or without an alias or version."""
QUALIFIER = re.compile(r"\$LATEST|[\w-]{1,128}")


@dataclass(frozen=True)
class LocalRequest:
    """One HTTP request."""

    method: str
    target: str
    """Path and query as they were sent."""
    client: str
    """The client's IP address."""
    headers: tuple[tuple[str, str], ...]
    """In order, with names in lower case."""
    body: bytes

    @property
    def path(self) -> str:
        """The path as it was sent, without the query."""
        return self.target.partition("?")[0]


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


def reply_to(request: LocalRequest, container: Container) -> LocalReply:
    """Return the reply of Lambda's API to its paths, and of the function to all others."""
    if not request.path.startswith(LAMBDA_API):
        return request_url(request, container)
    invocation = INVOCATIONS.fullmatch(request.path)
    if invocation and request.method == "POST":
        return invoke_function(request, unquote(invocation[1]), container)
    message = "Unable to determine service/operation name to be authorized"  # Lambda's own words
    hint = f"; POST an event to {LAMBDA_API}functions/function/invocations"
    return api_refusal(403, "AccessDeniedException", message + hint)


def invoke_function(request: LocalRequest, function: str, container: Container) -> LocalReply:
    """Return Invoke's reply: 200 with the answer or the function's error, 202 for an Event, 204 for a DryRun."""
    headers = dict(request.headers)
    kind = headers.get("x-amz-invocation-type", "RequestResponse")
    log_type = headers.get("x-amz-log-type", "None")
    try:
        name, qualifier = qualified_name(function, request.target.partition("?")[2])
        if kind not in ("RequestResponse", "Event", "DryRun"):
            raise ValueError("InvocationType: RequestResponse, Event or DryRun")
        if log_type not in ("None", "Tail"):
            raise ValueError("LogType: None or Tail")
    except ValueError as error:
        return api_refusal(400, "InvalidParameterValueException", str(error))
    limit = EVENT_BYTES if kind == "Event" else PAYLOAD_BYTES
    if len(request.body) > limit:
        return payload_too_large(limit)
    try:
        event = parse_event(request.body)
    except (ValueError, RecursionError) as error:
        return api_refusal(400, "InvalidRequestContentException", f"Could not parse request body into json: {error}")
    if kind == "DryRun":
        return LocalReply(204)
    if kind == "Event":
        return LocalReply(202, afterwards=lambda: container.invoke(event, name, qualifier))
    return invocation_reply(container.invoke(event, name, qualifier), qualifier, log_type)


def invocation_reply(result: HandlerResult, qualifier: str, log_type: str) -> LocalReply:
    """Return the reply to a RequestResponse."""
    headers = {"X-Amz-Executed-Version": qualifier if qualifier.isdecimal() else "$LATEST"}
    if result.error_type is not None:
        headers["X-Amz-Function-Error"] = "Unhandled"
    if log_type == "Tail":
        headers["X-Amz-Log-Result"] = base64.b64encode(result.log.encode()[-LOG_BYTES:]).decode()
    return LocalReply(200, result.body, headers, result.error_type or "")


def qualified_name(function: str, query: str) -> tuple[str, str]:
    """Return the function's name, and the alias or version in it or in `Qualifier`; empty for none.

    Raises:
        ValueError: the name or the qualifier cannot be one, or there are two different qualifiers.
    """
    match = FUNCTION.fullmatch(function)
    if match is None:
        raise ValueError("FunctionName: expected a function's name or ARN, with or without :QUALIFIER")
    name, in_name = match[1], match[2] or ""
    qualifier = parse_qs(query).get("Qualifier", [in_name])[0]
    if qualifier and not QUALIFIER.fullmatch(qualifier):
        raise ValueError("Qualifier: expected $LATEST, or an alias or version")
    if in_name and qualifier != in_name:
        raise ValueError("The derived qualifier from the function name does not match the specified qualifier.")
    return name, qualifier


def parse_event(body: bytes) -> Json:
    """Return the event, `{}` for an empty body as in Lambda. Raises ValueError unless the body is JSON in UTF-8."""

    def refuse(token: str) -> NoReturn:
        raise ValueError(f"{token} is not JSON")

    event: Json = json.loads(body.decode(), parse_constant=refuse) if body else {}
    return event


def request_url(request: LocalRequest, container: Container) -> LocalReply:
    """Return the handler's response to the request as a Function URL event; 502 if it raises, as in Lambda."""
    event = url_event(request.method, request.target, request.headers, request.body, request.client)
    result = container.invoke(event, "function", exclusive=request.method == "POST")
    if result.error_type is not None:
        sys.stderr.write(result.body.decode() + "\n")
        return LocalReply(502, b'{"message": "Internal Server Error"}', note=result.error_type)
    status, headers, body = url_response(json.loads(result.body))
    return LocalReply(status, body, headers)
