"""Events as AWS documents them, from tests/payloads/."""

import base64
import copy
import json
from collections.abc import Mapping, Sequence
from typing import Any

from agnews.api.values import Json
from tests.support.requirement import ROOT

JSON_TYPE = {"content-type": "application/json"}


def read_payload(name: str) -> Any:
    return json.loads((ROOT / "tests" / "payloads" / f"{name}.json").read_text(encoding="utf-8"))


def changed(event: Any, path: Sequence[str | int], value: Json) -> Any:
    """Return the event with another value at a path, which is made where it is missing."""
    copied = copy.deepcopy(event)
    inner = copied
    for key in path[:-1]:
        inner = inner.setdefault(key, {}) if isinstance(key, str) else inner[key]
    inner[path[-1]] = value
    return copied


def sqs_event(bodies: list[str]) -> Any:
    """Return an SQS event with these bodies; the message ids are m0, m1, …"""
    event = read_payload("sqs")
    record = event["Records"][0]
    event["Records"] = [record | {"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]
    return event


def post_event(
    body: str | bytes | None, headers: Mapping[str, str] = JSON_TYPE, path: str = "/classify", **query: str
) -> Any:
    """Return a Function URL's event for a POST request. A body in bytes becomes base64."""
    event = read_payload("function_url_post")
    event |= {"rawPath": path, "headers": dict(headers), "queryStringParameters": query}
    if isinstance(body, bytes):
        return event | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return event | {"body": body}


def bodiless_event(method: str, path: str, headers: Mapping[str, str] | None = None) -> Any:
    """Return a Function URL's event for a request without a body."""
    event = read_payload("function_url_get") | {"rawPath": path, "headers": dict(headers or {})}
    event["requestContext"]["http"]["method"] = method
    return event


def status_and_error(response: Any) -> tuple[int, str, str]:
    """Return status, error type and message of a response to an HTTP event."""
    error = json.loads(response["body"])["error"]
    return response["statusCode"], error["type"], error["message"]
