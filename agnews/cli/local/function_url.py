"""HTTP requests as Function URL events, and the handler's responses as HTTP, as Lambda translates them."""

import base64
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from agnews.api.values import Json

TEXT_TYPES = ("application/json", "application/xml", "application/javascript", "text/")
"""Content types whose bodies Lambda passes on as text; all others are base64-encoded."""


def url_event(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes, client: str) -> Json:
    """Return the event, payload version 2.0 (AWS, "Invoking Lambda function URLs").

    `target` is the path with its query, `client` the client's IP address.
    """
    path, _, query = target.partition("?")
    lowered = _comma_joined((name.lower(), value) for name, value in headers)
    text, is_base64 = _encoded_body(body, lowered.get("content-type", ""))
    parameters = _comma_joined(parse_qsl(query, keep_blank_values=True))
    event: dict[str, Json] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(path),
        "rawQueryString": query,
        "headers": {**lowered},
        "requestContext": _request_context(method, unquote(path), client, lowered.get("user-agent")),
        "isBase64Encoded": is_base64,
    }
    if parameters:
        event["queryStringParameters"] = {**parameters}
    return event | ({"body": text} if body else {})


def _comma_joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return values by name, those of a repeated name joined with commas."""
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values


def _request_context(method: str, path: str, client: str, user_agent: str | None) -> Json:
    http: Json = {
        "method": method,
        "path": path,
        "protocol": "HTTP/1.1",
        "sourceIp": client,
        "userAgent": user_agent,
    }
    return {
        "accountId": "anonymous",
        "apiId": "local",
        "domainName": "local.lambda-url.us-east-1.on.aws",
        "http": http,
        "requestId": str(uuid.uuid4()),
        "routeKey": "$default",
        "stage": "$default",
        "timeEpoch": int(time.time() * 1000),
    }


def _encoded_body(body: bytes, content_type: str) -> tuple[str, bool]:
    """Return the body as text, and whether it is base64."""
    charset = content_type.lower().partition("charset=")[2].strip(' "')
    if content_type.lower().startswith(TEXT_TYPES) and charset in ("", "utf-8"):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def url_response(response: Mapping[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers and body of the handler's response."""
    body = response["body"]
    return (
        response["statusCode"],
        response["headers"],
        base64.b64decode(body) if response["isBase64Encoded"] else body.encode(),
    )
