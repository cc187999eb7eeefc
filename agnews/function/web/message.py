"""HTTP requests and replies, independent of the service in front of the function."""

import json
from collections.abc import Mapping
from typing import NamedTuple


class HttpRequest(NamedTuple):
    """An HTTP request. Header names are in lower case; of a repeated header or parameter, the last value counts."""

    method: str
    path: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    body: str = ""
    is_base64: bool = False


class HttpReply(NamedTuple):
    """An HTTP reply. Header names are in lower case."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = {}


def json_reply(status: int, value: object, headers: Mapping[str, str] | None = None) -> HttpReply:
    """Return `value` as JSON in UTF-8. Raises ValueError for NaN, which JSON does not have."""
    body = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    return HttpReply(status, body, {"content-type": "application/json", **(headers or {})})


def without_prefix(path: str, prefix: str) -> str:
    """Return the path below `prefix`; a path elsewhere is returned as it is."""
    return path.removeprefix(prefix) or "/" if f"{path}/".startswith(f"{prefix}/") else path
