"""JSON values: their type, those that a string holds, and how error messages describe them."""

import json
import math
import re
from collections.abc import Mapping

from agnews.errors import InputError, LimitError

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_LIKE_JSON = re.compile(r"""[\ufeff\s]*(\{\s*(["'{}]|[\w-]+\s*:|$)|\[\s*(["'{\[]|$))""")
"""The beginning of an object or a list, of code, or of a template; not `[Update] Oil prices climb`."""
BEFORE_JSON = "\ufeff \t\r\n"
"""What may come before a JSON value in a text: JSON's blanks, and byte order marks."""
ID_CHARS = 256
"""Maximum length of an id: characters of a string, digits of a number."""


def decoded(text: str) -> str | dict[str, Json] | list[Json]:
    """Return the object, list or string that a text is as JSON, encoded once or several times, or else the text."""
    if text[:1].isalnum():
        return text
    start = text.lstrip(BEFORE_JSON)
    if start[:1] not in {"{", "[", '"'}:
        return text
    try:
        value: Json = json.loads(start)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, str):
        return decoded(value)
    return value if isinstance(value, dict | list) else text


def unquoted(value: Json) -> Json:
    """Return the string that a string is as JSON, encoded once or several times, and any other value as it is."""
    if not isinstance(value, str) or not value.lstrip(BEFORE_JSON).startswith('"'):
        return value
    text = decoded(value)
    return text if isinstance(text, str) else value


def is_like_json(text: str) -> bool:
    """Return whether a string is JSON, or starts like it."""
    if text[:1].isalnum():
        return False
    return not isinstance(decoded(text), str) or _LIKE_JSON.match(text) is not None


def describe_value(value: Json) -> str:
    """Return a value's description for an error message: its JSON type and, if it is short, the value itself."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() if abs(value) >= 10**40:
            return "a number of more than 40 digits"  # Python refuses to print one of more than 4,300
        case int() | float():
            return f"the number {value}"
        case str():
            # Messages are logged and texts are not, so at most a word is quoted.
            word = len(value) <= 40 and value.isprintable() and " " not in value
            return f"the string {value!r}" if word else f"a string of {len(value):,} characters"
        case list():
            return f"a list of {len(value):,}"
        case dict():
            return f"an object with {describe_keys(value)}"
        case _:  # only from Python
            return f"a value of type {type(value).__name__}"


def describe_keys(value: Mapping[str, Json]) -> str:
    """Return an object's keys, at most eight, for an error message."""
    keys = [repr(str(key)[:40]) for key in list(value)[:8]]  # from Python, a key may be no string
    return ("keys " + ", ".join(keys) + (", …" if len(value) > 8 else "")) if keys else "no keys"


def checked_id(value: Json) -> str | int | float | None:
    """Return a caller's id. Raises InputError for what is none."""
    finite = not isinstance(value, float) or math.isfinite(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None) or not finite:
        raise InputError(f"'id' must be a string or a number, found {describe_value(value)}")
    if isinstance(value, str):
        if len(value) > ID_CHARS:
            raise LimitError(f"'id' has {len(value):,} characters, at most {ID_CHARS} are allowed")
        if not value.isprintable() and any("\ud800" <= character <= "\udfff" for character in value):
            raise InputError("'id' is not valid Unicode: a lone surrogate")  # UTF-8 cannot encode it
    if isinstance(value, int) and abs(value) >= 10**ID_CHARS:
        raise LimitError(f"'id' has more than {ID_CHARS} digits")
    return value
