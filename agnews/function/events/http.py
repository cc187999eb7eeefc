"""HTTP by way of AWS: Function URLs, API Gateway (HTTP and REST APIs) and Application Load Balancers."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from agnews.api.request import Json
from agnews.function.web.message import HttpReply, HttpRequest

LAMBDA_BYTES = 6 * 1024 * 1024
"""What Lambda hands on, and so at most what these services get."""


class FunctionUrl:
    """A Function URL's payload: version 2.0, from a host of Lambda's."""

    form = "a Function URL's request"
    max_bytes = LAMBDA_BYTES

    @staticmethod
    def matches(event: Json) -> bool:
        return _is_version_2(event) and _from_function_url(event)

    @staticmethod
    def read(event: dict[str, Any]) -> HttpRequest:
        return _version_2(event, event["rawPath"])

    @staticmethod
    def write(event: dict[str, Any], reply: HttpReply) -> dict[str, object]:
        return _written(reply)


class ApiGatewayV2:
    """An API Gateway HTTP API's payload: version 2.0, the stage in front of the path."""

    form = "an API Gateway HTTP API's request"
    max_bytes = LAMBDA_BYTES

    @staticmethod
    def matches(event: Json) -> bool:
        return _is_version_2(event) and not _from_function_url(event)

    @staticmethod
    def read(event: dict[str, Any]) -> HttpRequest:
        stage = event["requestContext"].get("stage")
        return _version_2(event, _without_stage(event["rawPath"], stage))

    @staticmethod
    def write(event: dict[str, Any], reply: HttpReply) -> dict[str, object]:
        return _written(reply)


class ApiGatewayV1:
    """An API Gateway REST API's payload, and an HTTP API's of version 1.0."""

    form = "an API Gateway REST API's request"
    max_bytes = LAMBDA_BYTES

    @staticmethod
    def matches(event: Json) -> bool:
        return _is_version_1(event) and "elb" not in _context(event)

    @staticmethod
    def read(event: dict[str, Any]) -> HttpRequest:
        request = _version_1(event)
        # A REST API hands on base64 as text unless its binaryMediaTypes say otherwise; it can compress by itself.
        return request._replace(headers={**request.headers, "accept-encoding": "identity"})

    @staticmethod
    def write(event: dict[str, Any], reply: HttpReply) -> dict[str, object]:
        return _written(reply)


class Alb:
    """An Application Load Balancer's payload, with single or multi-value headers as its target group says."""

    form = "an Application Load Balancer's request"
    max_bytes = 1024 * 1024

    @staticmethod
    def matches(event: Json) -> bool:
        return _is_version_1(event) and "elb" in _context(event)

    @staticmethod
    def read(event: dict[str, Any]) -> HttpRequest:
        return _version_1(event)

    @staticmethod
    def write(event: dict[str, Any], reply: HttpReply) -> dict[str, object]:
        from http import HTTPStatus  # enumerations are slow to import, and only this service wants a phrase

        written = _written(reply) | {"statusDescription": f"{reply.status} {HTTPStatus(reply.status).phrase}"}
        if event.get("multiValueHeaders") is None:
            return written
        # It drops `headers` where the target group has multi-value headers on.
        del written["headers"]
        return written | {"multiValueHeaders": {name: [value] for name, value in reply.headers.items()}}


def _context(event: Json) -> Mapping[str, Any]:
    context = event.get("requestContext") if isinstance(event, dict) else None
    return context if isinstance(context, dict) else {}


def _is_version_2(event: Json) -> bool:
    http = _context(event).get("http")
    if not isinstance(event, dict) or not isinstance(http, dict):
        return False
    return isinstance(http.get("method"), str) and isinstance(event.get("rawPath"), str)


def _from_function_url(event: Json) -> bool:
    return ".lambda-url." in str(_context(event).get("domainName"))


def _is_version_1(event: Json) -> bool:
    if not isinstance(event, dict) or not isinstance(event.get("requestContext"), dict):
        return False
    return isinstance(event.get("httpMethod"), str) and isinstance(event.get("path"), str)


def _version_2(event: dict[str, Any], path: str) -> HttpRequest:
    return HttpRequest(
        event["requestContext"]["http"]["method"],
        path,
        event.get("queryStringParameters") or {},
        _lowered(event.get("headers") or {}),
        _body(event),
        bool(event.get("isBase64Encoded")),
    )


def _version_1(event: dict[str, Any]) -> HttpRequest:
    return HttpRequest(
        event["httpMethod"],
        event["path"],
        _single(event.get("queryStringParameters"), event.get("multiValueQueryStringParameters")),
        _lowered(_single(event.get("headers"), event.get("multiValueHeaders"))),
        _body(event),
        bool(event.get("isBase64Encoded")),
    )


def _body(event: dict[str, Any]) -> str:
    """The body as AWS sends it: a string. Console tests often have an object there, which is taken for its JSON."""
    body = event.get("body")
    return body if isinstance(body, str) else "" if body is None else json.dumps(body)


def _single(values: Mapping[str, str] | None, lists: Mapping[str, list[str]] | None) -> Mapping[str, str]:
    """Single values; where only lists came, the last of each."""
    return values or {name: found[-1] for name, found in (lists or {}).items() if found}


def _lowered(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}


def _without_stage(path: str, stage: str | None) -> str:
    """An HTTP API puts a stage other than $default in front of the path, but not under a domain of one's own."""
    if stage and stage != "$default" and (path == f"/{stage}" or path.startswith(f"/{stage}/")):
        return path.removeprefix(f"/{stage}") or "/"
    return path


def _written(reply: HttpReply) -> dict[str, object]:
    """Status, headers and a body that is always a string: what is not text goes as base64."""
    compressed = "content-encoding" in reply.headers
    body = base64.b64encode(reply.body).decode() if compressed else reply.body.decode()
    return {"statusCode": reply.status, "headers": dict(reply.headers), "body": body, "isBase64Encoded": compressed}
