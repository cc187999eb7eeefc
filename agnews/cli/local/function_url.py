"""A Function URL's event for an HTTP request, and the HTTP reply to its answer, as Lambda makes them."""

import base64
import time
import uuid
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from agnews.api.request import Json

TEXTUAL = ("application/json", "application/xml", "application/javascript", "text/")
"""Content types whose bodies Lambda hands on as they are; all others as base64."""


def event(method: str, target: str, headers: Iterable[tuple[str, str]], body: bytes, client: str) -> Json:
    """The payload, version 2.0 (AWS, "Invoking Lambda function URLs"); `target` is the path with its query."""
    path, _, query = target.partition("?")
    lowered: dict[str, Json] = {}
    for name, value in headers:
        known = lowered.get(name.lower())
        lowered[name.lower()] = value if known is None else f"{known},{value}"
    text, is_base64 = _text(body, str(lowered.get("content-type", "")))
    parameters: dict[str, Json] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    http: Json = {
        "method": method,
        "path": unquote(path),
        "protocol": "HTTP/1.1",
        "sourceIp": client,
        "userAgent": lowered.get("user-agent"),
    }
    context: Json = {
        "accountId": "anonymous",
        "apiId": "local",
        "domainName": "local.lambda-url.us-east-1.on.aws",
        "http": http,
        "requestId": str(uuid.uuid4()),
        "routeKey": "$default",
        "stage": "$default",
        "timeEpoch": int(time.time() * 1000),
    }
    found: dict[str, Json] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": unquote(path),
        "rawQueryString": query,
        "headers": lowered,
        "requestContext": context,
        "isBase64Encoded": is_base64,
    }
    if parameters:
        found["queryStringParameters"] = parameters
    return found | ({"body": text} if body else {})


def _text(body: bytes, content_type: str) -> tuple[str, bool]:
    charset = content_type.lower().partition("charset=")[2].strip(' "')
    if content_type.lower().startswith(TEXTUAL) and charset in ("", "utf-8"):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def answer(found: Mapping[str, Any]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what the handler answered."""
    body = base64.b64decode(found["body"]) if found["isBase64Encoded"] else found["body"].encode()
    return found["statusCode"], found["headers"], body
