"""The event in a request's body: JSON, or plain text with a headline on each line."""

import base64
import json
import re
from email.message import Message
from typing import NoReturn

from agnews.api.request import OPTION_KEYS, Json, option_spelling
from agnews.function.web.errors import HttpError
from agnews.function.web.message import HttpRequest

CHARSETS = {
    "utf-8": "utf-8-sig",  # a byte order mark is no part of the text
    "utf8": "utf-8-sig",
    "us-ascii": "ascii",
    "iso-8859-1": "cp1252",  # which browsers read it as
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "cp1252": "cp1252",
    "windows-1252": "cp1252",
    "utf-16": "utf-16",
    "utf-16le": "utf-16-le",
    "utf-16be": "utf-16-be",
}
"""Charsets that a content-type may name, and Python's codecs for them."""

SEND = "send content-type: application/json, or text/plain with one headline a line"
_OPTIONS = frozenset(map(option_spelling, OPTION_KEYS))
_JSON_TYPE = re.compile(r"application/([\w.-]+\+)?json")


def event_of(request: HttpRequest) -> Json:
    """The event that the body asks for, with the options that stand in the query; those in the body come first.

    Raises:
        HttpError: 415 for another content type or charset, 400 for a body that is not what its headers say.
    """
    coding = request.headers.get("content-encoding", "identity").lower()
    if coding != "identity":
        raise HttpError(415, f"content-encoding {coding[:40]!r} is not read; send the body as it is")
    media_type, charset = content_type(request.headers.get("content-type", "application/json"))
    options = {name: _number(value) for name, value in request.query.items() if option_spelling(name) in _OPTIONS}
    if media_type == "text/plain":
        lines = _lines(_text(request, charset))
        if not lines:
            raise HttpError(400, "the body is empty; send a headline on each line")
        return options | {"texts": lines}
    if not _JSON_TYPE.fullmatch(media_type):
        raise HttpError(415, f"content-type {media_type[:80]!r} is not read; {SEND}")
    event = _json(_text(request, charset))
    if not options:
        return event
    named: Json = {"text": event} if isinstance(event, str) else {"texts": event} if isinstance(event, list) else event
    return options | named if isinstance(named, dict) else named


def content_type(header: str) -> tuple[str, str]:
    """Media type and Python codec of a content-type. Raises HttpError(415) for an unknown charset."""
    message = Message()
    message["content-type"] = header.replace("\r", " ").replace("\n", " ")
    charset = (message.get_content_charset() or "utf-8").lower()
    if charset not in CHARSETS:
        raise HttpError(415, f"charset {charset[:40]!r} is not read; send UTF-8")
    media_type = header.partition(";")[0].strip().lower()
    return media_type, CHARSETS[charset]


def _text(request: HttpRequest, codec: str) -> str:
    if not request.is_base64:
        # The carrier has decoded it already; what it could not decode came as U+FFFD or not at all.
        return request.body.removeprefix("\ufeff")
    try:
        return base64.b64decode(request.body, validate=True).decode(codec)
    except UnicodeDecodeError as error:
        name = "UTF-8" if codec == "utf-8-sig" else codec
        told = f"the body is not {name} at byte {error.start}; encode it so, or name its charset in content-type"
        raise HttpError(400, told) from error
    except ValueError as error:
        raise HttpError(400, f"the body is marked as base64 and is not ({error})") from error


def _json(text: str) -> Json:
    def refuse(token: str) -> NoReturn:
        raise ValueError(f"{token} is not JSON")

    if not text.strip():
        raise HttpError(400, 'the body is empty; send JSON such as {"text": "one headline"}')
    try:
        event: Json = json.loads(text, parse_constant=refuse)
    except RecursionError as error:
        raise HttpError(400, "the body is JSON nested too deep to be a request") from error
    except ValueError as error:
        told = "it holds a number of thousands of digits" if "int_max_str_digits" in str(error) else str(error)
        raise HttpError(400, f"the body is not JSON that can be read ({told})") from error
    return event


def _lines(text: str) -> list[Json]:
    return [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()]


def _number(value: str) -> Json:
    """A query parameter's value as an option takes it; what is neither number nor boolean stays as it is."""
    try:
        found: Json = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return found if isinstance(found, bool | int | float) else value
