"""Requests: read items and options from any JSON value, with errors that say what to fix."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agnews.errors import AgNewsError, InputError, LimitError
from agnews.labels import LABELS
from agnews.settings import Settings

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

TEXT_KEYS = ("text", "headline", "title")
OPTION_KEYS = ("top_k", "min_score", "explain")
ID_CHARS = 256
"""Maximum length of an id: characters of a string, digits of a number."""


class Options(NamedTuple):
    """Options of an answer."""

    top_k: int = 1
    """1 to 4; above 1, predictions list that many labels with their scores."""
    min_score: float = 0.0
    """0 to 1; a prediction with a lower score has no label and `abstained` is true."""
    explain: bool = False
    """Whether predictions say what each word contributed to the score."""


class Columns(NamedTuple):
    """The keys of a row's text, description and id. None: any of TEXT_KEYS."""

    text: str | None = None
    description: str = "description"
    id: str = "id"


DEFAULT_OPTIONS = Options()
DEFAULT_COLUMNS = Columns()


class Item(NamedTuple):
    """One text to classify, or the error that prevents it, and the caller's id."""

    text: str | None
    error: AgNewsError | None = None
    id: str | int | float | None = None


class Request(NamedTuple):
    """Items, in the caller's order, and the options for all of them."""

    items: tuple[Item, ...]
    options: Options = DEFAULT_OPTIONS


def joined(text: str, description: str) -> str:
    """Return a headline and its description as one text, as the model was trained."""
    return f"{text} {description}".strip()


def read_options(source: Mapping[str, Json]) -> Options:
    """Return the options among the keys of `source`. Raises InputError for an invalid value or a misspelt name."""
    for key in source:
        for option in OPTION_KEYS:
            if option_spelling(key) == option_spelling(option) and key != option:
                raise InputError(f"there is no option {key!r}; write {option!r}")
    return Options(_top_k(source.get("top_k")), _min_score(source.get("min_score")), _explain(source.get("explain")))


def option_spelling(key: str) -> str:
    """Return what all spellings of an option have in common: `topk` for `topK`, `top-k` and `top_k`."""
    return key.lower().replace("_", "").replace("-", "")


def _top_k(value: Json) -> int:
    match value:
        case None:
            return DEFAULT_OPTIONS.top_k
        case int() if not isinstance(value, bool) and 1 <= value <= len(LABELS):
            return value
        case float() if value in (1.0, 2.0, 3.0, 4.0):  # JSON does not distinguish 2 from 2.0
            return int(value)
    raise InputError(f"top_k must be a whole number from 1 to {len(LABELS)}, found {describe_value(value)}")


def _min_score(value: Json) -> float:
    match value:
        case None:
            return DEFAULT_OPTIONS.min_score
        case int() | float() if not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
    raise InputError(f"min_score must be a number from 0 to 1, found {describe_value(value)}")


def _explain(value: Json) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise InputError(f"explain must be true or false, found {describe_value(value)}")


def read_items(values: Sequence[Json], settings: Settings, columns: Columns = DEFAULT_COLUMNS) -> tuple[Item, ...]:
    """Return one Item per value; those that cannot be used have an error. Raises LimitError above `max_texts`."""
    if len(values) > settings.max_texts:
        raise LimitError(
            f"{len(values):,} texts in one request, at most {settings.max_texts:,} are allowed (AGNEWS_MAX_TEXTS); "
            "send several requests"
        )
    return tuple(read_item(value, settings, columns) for value in values)


def read_item(value: Json, settings: Settings, columns: Columns = DEFAULT_COLUMNS) -> Item:
    """Return the Item for a string or an object. Never raises for a bad value: the Item then has the error."""
    item_id: str | int | float | None = None
    try:
        if isinstance(value, dict):
            item_id = _id(value.get(columns.id))
            text = checked(_row_text(value, columns), settings)
        else:
            text = checked(value, settings)
    except InputError as error:
        return Item(None, error, item_id)
    return Item(text, id=item_id)


def checked(text: Json, settings: Settings) -> str:
    """Return `text` if it can be classified. Raises InputError otherwise."""
    if not isinstance(text, str):
        raise InputError(f"a text must be a string, found {describe_value(text)}")
    if len(text) > settings.max_chars:
        raise LimitError(
            f"the text has {len(text):,} characters, at most {settings.max_chars:,} are allowed (AGNEWS_MAX_CHARS); "
            "shorten it"
        )
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"the text is not valid Unicode: a lone surrogate at character {error.start}") from error
    if not any(character.isprintable() and not character.isspace() for character in text):
        raise InputError("the text is empty; send at least one word")
    return text


def _row_text(row: Mapping[str, Json], columns: Columns) -> Json:
    keys = TEXT_KEYS if columns.text is None else (columns.text,)
    key = next((key for key in keys if row.get(key) is not None), None)
    if key is None:
        empty = next((key for key in keys if key in row), None)
        problem = f"{empty!r} is null" if empty else f"found {describe_keys(row)}"
        raise InputError(f"no text: expected {' or '.join(map(repr, keys))}; {problem}")
    text, description = row[key], row.get(columns.description)
    if description is None or not isinstance(text, str):
        return text
    if not isinstance(description, str):
        raise InputError(f"{columns.description!r} must be a string, found {describe_value(description)}")
    return joined(text, description)


def _id(value: Json) -> str | int | float | None:
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


def describe_value(value: Json) -> str:
    """Return a value's description for an error message: its JSON type and, if it is short, the value itself."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value!r:.40}"
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
