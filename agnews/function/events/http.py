"""HTTP requests from AWS: Function URLs, API Gateway (HTTP and REST APIs) and Application Load Balancers."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from agnews.api.values import Json, describe_value
from agnews.errors import InputError
from agnews.function.web.message import HttpReply, HttpRequest, without_prefix

LAMBDA_BYTES = 6 * 1024 * 1024
"""Lambda's limit for an answer, and so that of the services behind it."""


class FunctionUrl:
    """A Function URL: payload version 2.0, with Lambda's own domain."""

    form = "Function URLs"
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

    form = "API Gateway"
    max_bytes = LAMBDA_BYTES

    @staticmethod
    def matches(event: Json) -> bool:
        return _is_version_2(event) and not _from_function_url(event)

    @staticmethod
    def read(event: dict[str, Any]) -> HttpRequest:
        return _version_2(event, without_prefix(event["rawPath"], _stage(event)))

    @staticmethod
    def write(event: dict[str, Any], reply: HttpReply) -> dict[str, object]:
        return _response(reply)


class ApiGatewayV1:
    """An API Gateway REST API, or an HTTP API with payload version 1.0."""

    form = "API Gateway"
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

    form = "load balancers"
    max_bytes = 1024 * 1024

    @staticmethod
    def matches(event: Json) -> bool:
        return _is_version_1(event) and "elb" in _context(event)

    @staticmethod
    def read(event: dict[str, Any]) -> HttpRequest:
        from urllib.parse import unquote_plus  # slow to import, and only this service needs it

        request = _version_1(event)
        # The other services decode parameters, a load balancer passes them on as they were sent.
        decoded = {unquote_plus(name): unquote_plus(value) for name, value in request.query.items()}
        return request._replace(query=decoded)

    @staticmethod
    def write(event: dict[str, Any], reply: HttpReply) -> dict[str, object]:
        from http import HTTPStatus  # slow to import, and only this service needs the phrase

        response = _response(reply) | {"statusDescription": f"{reply.status} {HTTPStatus(reply.status).phrase}"}
        if event.get("multiValueHeaders") is None:
            return response
        # With multi-value headers enabled, the load balancer ignores `headers`.
        del response["headers"]
        return response | {"multiValueHeaders": {name: [value] for name, value in reply.headers.items()}}


def _context(event: Json | Mapping[str, Json]) -> Mapping[str, Any]:
    context = event.get("requestContext") if isinstance(event, dict) else None
    return context if isinstance(context, dict) else {}


def _is_version_2(event: Json) -> bool:
    http = _context(event).get("http")
    if not isinstance(event, dict) or not isinstance(http, dict) or _asks_to_authorize(event):
        return False
    return isinstance(http.get("method"), str) and isinstance(event.get("rawPath"), str)


def _from_function_url(event: Json) -> bool:
    return ".lambda-url." in str(_context(event).get("domainName"))


def _is_version_1(event: Json) -> bool:
    if not isinstance(event, dict) or not isinstance(event.get("requestContext"), dict) or _asks_to_authorize(event):
        return False
    return isinstance(event.get("httpMethod"), str) and isinstance(event.get("path"), str)


def _asks_to_authorize(event: Mapping[str, Json]) -> bool:
    """Return whether this is a request to an API's authorizer, which otherwise looks like a request to the API."""
    return "methodArn" in event or "routeArn" in event


def _version_2(event: dict[str, Any], path: str) -> HttpRequest:
    method = event["requestContext"]["http"]["method"]
    return _request(event, method, path, _strings(event, "queryStringParameters"), _strings(event, "headers"))


def _version_1(event: dict[str, Any]) -> HttpRequest:
    query = _strings(event, "queryStringParameters") or _strings(event, "multiValueQueryStringParameters")
    headers = _strings(event, "headers") or _strings(event, "multiValueHeaders")
    return _request(event, event["httpMethod"], event["path"], query, headers)


def _request(
    event: Mapping[str, Json], method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> HttpRequest:
    is_base64 = event.get("isBase64Encoded")
    if not isinstance(is_base64, bool | None):
        raise InputError(f"'isBase64Encoded' must be true or false, found {describe_value(is_base64)}")
    lower_names = {name.lower(): value for name, value in headers.items()}
    return HttpRequest(method, path, query, lower_names, _body(event), bool(is_base64))


def _body(event: Mapping[str, Json]) -> str:
    """Return the body: a string from AWS. Test events often have an object instead, which is turned into JSON."""
    body = event.get("body")
    return body if isinstance(body, str) else "" if body is None else json.dumps(body)


def _strings(event: Mapping[str, Json], key: str) -> dict[str, str]:
    """Return the headers or parameters under `key`, the last value of each; test events may have numbers in them.

    Raises:
        InputError: there is no object, or one with other values than strings, numbers, booleans or lists of these.
    """
    values = event.get(key)
    if not isinstance(values, dict | None):
        raise InputError(f"{key!r} must be an object, found {describe_value(values)}")
    strings = {}
    for name, value in (values or {}).items():
        last = value[-1] if isinstance(value, list) and value else value
        if isinstance(last, dict) or (isinstance(last, list) and last):
            raise InputError(f"{name[:40]!r} in {key!r} must be a string, found {describe_value(last)}")
        if last is not None and last != []:
            strings[name] = last if isinstance(last, str) else json.dumps(last)
    return strings


def _stage(event: Mapping[str, Json]) -> str:
    """Return what an HTTP API puts before the path: its stage, unless that is $default or has a custom domain."""
    stage = _context(event).get("stage")
    return f"/{stage}" if isinstance(stage, str) and stage and stage != "$default" else ""


def _response(reply: HttpReply) -> dict[str, object]:
    """Return status, headers and a string as body: base64 if the reply is compressed."""
    compressed = "content-encoding" in reply.headers
    body = base64.b64encode(reply.body).decode() if compressed else reply.body.decode()
    return {"statusCode": reply.status, "headers": dict(reply.headers), "body": body, "isBase64Encoded": compressed}
