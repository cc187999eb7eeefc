"""What callers ask for: items and options, out of any JSON value, with errors that name the remedy."""

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
"""Characters of an id that is text, digits of one that is a number."""


class Options(NamedTuple):
    """How predictions are reported."""

    top_k: int = 1
    """1 to 4; above 1 the answer lists the best labels' scores."""
    min_score: float = 0.0
    """0 to 1; below it the label is null and the prediction is marked as abstained."""
    explain: bool = False
    """Whether each prediction comes with what each word contributed to its score."""


class Columns(NamedTuple):
    """Where a row holds its text, description and id. None: the usual names."""

    text: str | None = None
    description: str = "description"
    id: str = "id"


USUAL_OPTIONS = Options()
USUAL_COLUMNS = Columns()


class Item(NamedTuple):
    """One text to classify, or the reason why it cannot be, and the caller's id for it."""

    text: str | None
    error: AgNewsError | None = None
    id: str | int | float | None = None


class Request(NamedTuple):
    """Items in the caller's order."""

    items: tuple[Item, ...]
    options: Options = USUAL_OPTIONS


def joined(text: str, description: str) -> str:
    """A headline and its description as the one text that the model was trained on."""
    return f"{text} {description}".strip()


def read_options(source: Mapping[str, Json]) -> Options:
    """The options among the keys of `source`. Raises InputError for a bad value or a misspelt name."""
    for key in source:
        for option in OPTION_KEYS:
            if plain(key) == plain(option) and key != option:
                raise InputError(f"there is no option {key!r}; write {option!r}")
    return Options(_top_k(source.get("top_k")), _min_score(source.get("min_score")), _explain(source.get("explain")))


def plain(key: str) -> str:
    """What spellings of an option have in common: `topK`, `top-k` and `top_k` are one."""
    return key.lower().replace("_", "").replace("-", "")


def _top_k(value: Json) -> int:
    match value:
        case None:
            return USUAL_OPTIONS.top_k
        case int() if not isinstance(value, bool) and 1 <= value <= len(LABELS):
            return value
        case float() if value in (1.0, 2.0, 3.0, 4.0):  # JSON knows no difference between 2 and 2.0
            return int(value)
    raise InputError(f"top_k must be a whole number from 1 to {len(LABELS)}, found {shown(value)}")


def _min_score(value: Json) -> float:
    match value:
        case None:
            return USUAL_OPTIONS.min_score
        case int() | float() if not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
    raise InputError(f"min_score must be a number from 0 to 1, found {shown(value)}")


def _explain(value: Json) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise InputError(f"explain must be true or false, found {shown(value)}")


def read_items(values: Sequence[Json], settings: Settings, columns: Columns = USUAL_COLUMNS) -> tuple[Item, ...]:
    """One Item per value, bad ones with their error. Raises LimitError for more than `max_texts`."""
    if len(values) > settings.max_texts:
        raise LimitError(
            f"{len(values):,} texts in one request, at most {settings.max_texts:,} (AGNEWS_MAX_TEXTS); send several"
        )
    return tuple(read_item(value, settings, columns) for value in values)


def read_item(value: Json, settings: Settings, columns: Columns = USUAL_COLUMNS) -> Item:
    """The Item of a string or an object; never raises for what the caller sent."""
    found: str | int | float | None = None
    try:
        if isinstance(value, dict):
            found = _id(value.get(columns.id))
            text = checked(_row_text(value, columns), settings)
        else:
            text = checked(value, settings)
    except InputError as error:
        return Item(None, error, found)
    return Item(text, id=found)


def checked(text: Json, settings: Settings) -> str:
    """`text` if it can be classified. Raises InputError otherwise."""
    if not isinstance(text, str):
        raise InputError(f"a text must be a string, found {shown(text)}")
    if len(text) > settings.max_chars:
        raise LimitError(
            f"the text has {len(text):,} characters, at most {settings.max_chars:,} (AGNEWS_MAX_CHARS); send less"
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
        found = f"{empty!r} is null" if empty else f"found {shown_keys(row)}"
        raise InputError(f"no text: expected {' or '.join(map(repr, keys))}; {found}")
    text, description = row[key], row.get(columns.description)
    if description is None or not isinstance(text, str):
        return text
    if not isinstance(description, str):
        raise InputError(f"{columns.description!r} must be a string, found {shown(description)}")
    return joined(text, description)


def _id(value: Json) -> str | int | float | None:
    finite = not isinstance(value, float) or math.isfinite(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None) or not finite:
        raise InputError(f"'id' must be a string or a number, found {shown(value)}")
    if isinstance(value, str):
        if len(value) > ID_CHARS:
            raise LimitError(f"'id' has {len(value):,} characters, at most {ID_CHARS}")
        if not value.isprintable() and any("\ud800" <= character <= "\udfff" for character in value):
            raise InputError("'id' is not valid Unicode: a lone surrogate")  # it could not be echoed as UTF-8
    if isinstance(value, int) and abs(value) >= 10**ID_CHARS:
        raise LimitError(f"'id' has more than {ID_CHARS} digits")
    return value


def shown(value: Json) -> str:
    """What a message says of a value: its JSON type and, where short, itself."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | float():
            return f"the number {value!r:.40}"
        case str():
            # Messages are logged, texts are not: a word may be quoted, a headline is not.
            word = len(value) <= 40 and value.isprintable() and " " not in value
            return f"the string {value!r}" if word else f"a string of {len(value):,} characters"
        case list():
            return f"a list of {len(value):,}"
        case dict():
            return f"an object with {shown_keys(value)}"
        case _:  # from Python alone
            return f"a value of type {type(value).__name__}"


def shown_keys(value: Mapping[str, Json]) -> str:
    """An object's keys, at most eight, for a message."""
    keys = [repr(key[:40]) for key in list(value)[:8]]
    return ("keys " + ", ".join(keys) + (", …" if len(value) > 8 else "")) if keys else "no keys"
