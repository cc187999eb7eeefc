"""HTTP requests and replies, free of any carrier's form."""

import json
from collections.abc import Mapping
from typing import NamedTuple


class HttpRequest(NamedTuple):
    """What was asked. Header names are lower case; of a header or parameter sent twice the last one counts."""

    method: str
    path: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: str = ""
    is_base64: bool = False


class HttpReply(NamedTuple):
    """What is answered. Header names are lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


def json_reply(status: int, value: object, headers: Mapping[str, str] | None = None) -> HttpReply:
    """`value` as JSON in UTF-8. Raises ValueError for NaN, which JSON does not know."""
    body = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return HttpReply(status, body, {"content-type": "application/json", **(headers or {})})
