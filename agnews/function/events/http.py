"""HTTP requests from AWS: Function URLs, API Gateway (HTTP and REST APIs) and Application Load Balancers."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from agnews.api.request import Json
from agnews.function.web.message import HttpReply, HttpRequest

LAMBDA_BYTES = 6 * 1024 * 1024
"""Lambda's limit for an answer, and so that of the services behind it."""


class FunctionUrl:
    """A Function URL: payload version 2.0, with Lambda's own domain."""

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
        return _response(reply)


class ApiGatewayV2:
    """An API Gateway HTTP API: payload version 2.0, with the stage at the start of the path."""

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
        return _response(reply)


class ApiGatewayV1:
    """An API Gateway REST API, or an HTTP API with payload version 1.0."""

    form = "an API Gateway REST API's request"
    max_bytes = LAMBDA_BYTES

    @staticmethod
    def matches(event: Json) -> bool:
        return _is_version_1(event) and "elb" not in _context(event)

    @staticmethod
    def read(event: dict[str, Any]) -> HttpRequest:
        request = _version_1(event)
        # Without binaryMediaTypes, a REST API would pass compressed base64 on as text. It can compress by itself.
        return request._replace(headers={**request.headers, "accept-encoding": "identity"})

    @staticmethod
    def write(event: dict[str, Any], reply: HttpReply) -> dict[str, object]:
        return _response(reply)


class Alb:
    """An Application Load Balancer, with single-value or multi-value headers as set in its target group."""

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
        from http import HTTPStatus  # slow to import, and only this service needs the phrase

        response = _response(reply) | {"statusDescription": f"{reply.status} {HTTPStatus(reply.status).phrase}"}
        if event.get("multiValueHeaders") is None:
            return response
        # With multi-value headers enabled, the load balancer ignores `headers`.
        del response["headers"]
        return response | {"multiValueHeaders": {name: [value] for name, value in reply.headers.items()}}


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
        _lower_names(event.get("headers") or {}),
        _body(event),
        bool(event.get("isBase64Encoded")),
    )


def _version_1(event: dict[str, Any]) -> HttpRequest:
    return HttpRequest(
        event["httpMethod"],
        event["path"],
        _single_values(event.get("queryStringParameters"), event.get("multiValueQueryStringParameters")),
        _lower_names(_single_values(event.get("headers"), event.get("multiValueHeaders"))),
        _body(event),
        bool(event.get("isBase64Encoded")),
    )


def _body(event: dict[str, Any]) -> str:
    """Return the body: a string from AWS. Test events often have an object instead, which is turned into JSON."""
    body = event.get("body")
    return body if isinstance(body, str) else "" if body is None else json.dumps(body)


def _single_values(values: Mapping[str, str] | None, lists: Mapping[str, list[str]] | None) -> Mapping[str, str]:
    """Return single values; if there are only lists, the last value of each."""
    return values or {name: several[-1] for name, several in (lists or {}).items() if several}


def _lower_names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in headers.items()}


def _without_stage(path: str, stage: str | None) -> str:
    """Return the path without the stage, which an HTTP API adds unless it is $default or has a custom domain."""
    if stage and stage != "$default" and (path == f"/{stage}" or path.startswith(f"/{stage}/")):
        return path.removeprefix(f"/{stage}") or "/"
    return path


def _response(reply: HttpReply) -> dict[str, object]:
    """Return status, headers and a string as body: base64 if the reply is compressed."""
    compressed = "content-encoding" in reply.headers
    body = base64.b64encode(reply.body).decode() if compressed else reply.body.decode()
    return {"statusCode": reply.status, "headers": dict(reply.headers), "body": body, "isBase64Encoded": compressed}
