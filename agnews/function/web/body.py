"""Read the event in a request's body: JSON, or plain text with one headline per line."""

import base64
import json
import re
from typing import NoReturn

from agnews.api.forms import TABLE, is_csv_header, markup_of
from agnews.api.lines import headline_lines
from agnews.api.options import is_option_key, option_values
from agnews.api.values import Json, decoded, is_like_json
from agnews.function.web.errors import HttpError
from agnews.function.web.message import HttpRequest

CHARSETS = {
    "utf-8": "utf-8-sig",  # without a byte order mark
    "utf8": "utf-8-sig",
    "us-ascii": "ascii",
    "iso-8859-1": "cp1252",  # as browsers read it
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "cp1252": "cp1252",
    "windows-1252": "cp1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
"""Python's codec for each supported charset."""

CONTENT_TYPE_HINT = "send content-type: application/json, or text/plain with one headline per line"
_PARAMETER = re.compile(r';\s*([^=;"\s]*)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^;"]*)))?')
"""A parameter in a content type: its name, and its value in quotes or without."""
_JSON_TYPE = re.compile(r"application/([\w.-]+\+)?json")


def read_event(request: HttpRequest) -> Json:
    """Return the event in the body, with the options in the query. Options in the body take precedence.

    Raises:
        HttpError: 415 for an unsupported content type or charset, 400 if the body is not what its headers say.
    """
    coding = request.headers.get("content-encoding", "identity").lower()
    if coding != "identity":
        raise HttpError(415, f"content-encoding {coding[:40]!r} is not supported; send the body uncompressed")
    media_type, codec = content_type(request.headers.get("content-type", "application/json"))
    options = {name: _option_value(value) for name, value in request.query.items() if is_option_key(name)}
    if media_type == "text/plain":
        return _merge_options(_parse_plain(_decode(request, codec)), options)
    if not _JSON_TYPE.fullmatch(media_type):
        raise HttpError(415, f"content-type {media_type[:80]!r} is not supported; {CONTENT_TYPE_HINT}")
    return _merge_options(_parse_json(_decode(request, codec)), options)


def _merge_options(event: Json, options: dict[str, Json]) -> Json:
    """Return the event with `options`, except those that it has itself."""
    if isinstance(event, str):
        event = decoded(event)
    if not options:
        return event
    if isinstance(event, str):
        event = {"text": event}
    elif isinstance(event, list):
        event = {"texts": event}
    if not isinstance(event, dict):
        return event
    own = option_values(event)
    return event | {name: value for name, value in options.items() if name not in own}


def content_type(header: str) -> tuple[str, str]:
    """Return the media type and the Python codec of a content type. Raises HttpError(415) for an unknown charset."""
    media_type, _, parameters = header.partition(";")
    charset = "utf-8"
    for name, quoted, plain in _PARAMETER.findall(f";{parameters}"):
        if name.lower() == "charset":
            charset = quoted.replace("\\", "") or plain.strip() or charset
        elif name.lower().startswith("charset"):  # charset* and charset*0, the encoded forms of RFC 2231
            raise HttpError(415, f"the parameter {name[:40]!r} in content-type is not supported; send charset=utf-8")
    charset = charset.lower()
    if charset not in CHARSETS:
        raise HttpError(415, f"charset {charset[:40]!r} is not supported; send UTF-8")
    return media_type.strip().lower(), CHARSETS[charset]


def _decode(request: HttpRequest, codec: str) -> str:
    if not request.is_base64:
        # The service in front has decoded it already, and replaced or dropped what it could not decode.
        return request.body.removeprefix("\ufeff")
    try:
        return base64.b64decode(request.body, validate=True).decode(codec)
    except UnicodeDecodeError as error:
        name = "UTF-8" if codec == "utf-8-sig" else codec
        message = f"the body is not {name} at byte {error.start}; encode it so, or set its charset in content-type"
        raise HttpError(400, message) from error
    except ValueError as error:
        raise HttpError(400, f"the body is marked as base64 but is not base64 ({error})") from error


def _parse_json(text: str) -> Json:
    def refuse(token: str) -> NoReturn:
        raise ValueError(f"{token} is not JSON")

    if not text.strip():
        raise HttpError(400, 'the body is empty; send JSON such as {"text": "one headline"}')
    try:
        event: Json = json.loads(text, parse_constant=refuse)
    except RecursionError as error:
        raise HttpError(400, "the JSON in the body is nested too deeply") from error
    except ValueError as error:
        reason = "a number has thousands of digits" if "int_max_str_digits" in str(error) else str(error)
        raise HttpError(400, f"the body is not valid JSON ({reason})") from error
    return event


def _parse_plain(text: str) -> Json:
    """Return the event that plain text holds as JSON, or else its lines, each of which may be an object in JSON."""
    event = decoded(text)
    if not isinstance(event, str):
        return event
    lines = headline_lines(text)
    if not lines:
        raise HttpError(400, "the body is empty; send one headline per line")
    _refuse_other_text(text, lines[0])
    if is_like_json(lines[0]) and isinstance(decoded(lines[0]), str):
        return _parse_json(text)  # raises, with the place that is not JSON
    return {"texts": [*lines]}


def _refuse_other_text(text: str, first_line: str) -> None:
    """Raise HttpError if text is a table, a web page or a feed, or in another charset than its headers say."""
    kind = markup_of(text)
    if "\0" in text:
        kind = "in another charset than UTF-8, or no text (it has NUL characters)"
    elif kind is None and is_csv_header(first_line) is not False:
        kind = TABLE
    if kind is not None:
        raise HttpError(400, f"the body is {kind}; send JSON, or UTF-8 text with one headline per line")


def _option_value(value: str) -> Json:
    """Return a query parameter's value as a number or boolean; if it is neither, unchanged."""
    try:
        parsed: Json = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return parsed if isinstance(parsed, bool | int | float) else value
