"""Requests: read items and options from any JSON value, with errors that say what to fix."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from agnews.api.columns import TEXT_KEYS, ColumnNames, Columns, find_columns, missing_column, plain_name
from agnews.api.forms import document_of
from agnews.api.normalise import normalise, repeats
from agnews.api.options import DEFAULT_OPTIONS, Options, is_option_key, refuse_options
from agnews.api.placeholders import is_blank, is_missing, is_placeholder
from agnews.api.values import Json, checked_id, decoded, describe_keys, describe_value, is_like_json, unquoted
from agnews.errors import AgNewsError, DeadlineError, InputError, LimitError
from agnews.settings import Settings

KEY_SETS = 100
"""How many different sets of keys are remembered while a list is read."""
USUAL_NAMES = ColumnNames()


class Item(NamedTuple):
    """One text to classify, or the error that prevents it, and the caller's id."""

    text: str | None
    """As the model reads it."""
    error: AgNewsError | None = None
    id: str | int | float | None = None
    sent: str | None = None
    """The text as it was sent; the explanation points into it."""


class Request(NamedTuple):
    """Items, in the caller's order, and the options for all of them."""

    items: tuple[Item, ...]
    options: Options = DEFAULT_OPTIONS


def joined(text: str, description: str) -> str:
    """Return a headline and its description as one text, as the model was trained. A repetition is left out."""
    return text if repeats(description, text) else f"{text} {description}".strip()


def read_items(
    values: Sequence[Json], settings: Settings, names: ColumnNames = USUAL_NAMES, deadline: float = math.inf
) -> tuple[Item, ...]:
    """Return one Item per value; those that cannot be used, or are not read by `deadline`, have an error.

    Raises:
        LimitError: there are more values than `max_texts`.
        InputError: a named column is in none of the objects.
    """
    if len(values) > settings.max_texts:
        raise LimitError(
            f"{len(values):,} texts in one request, at most {settings.max_texts:,} are allowed (AGNEWS_MAX_TEXTS); "
            "send several requests"
        )
    if values and names != USUAL_NAMES:
        _check_names([value for value in values if isinstance(value, dict)], names)
    find_keys = lru_cache(KEY_SETS)(row_keys)
    late = DeadlineError()  # one for all: of thousands, each would take longer than the rest of the answer
    return tuple(
        read_item(value, settings, names, find_keys)
        if time.monotonic() < deadline
        else _late_item(value, names, find_keys, late)
        for value in values
    )


def _late_item(value: Json, names: ColumnNames, find_keys: "FindKeys", late: DeadlineError) -> Item:
    """Return the Item for a value that there was no time to read: the error, and an object's id."""
    if not isinstance(value, dict):
        return Item(None, late)
    try:
        column = find_keys(tuple(value), names).columns.id
        return Item(None, late, None if column is None else checked_id(list(value.values())[column]))
    except InputError as error:
        return Item(None, error)


def _check_names(rows: Sequence[Mapping[str, Json]], names: ColumnNames) -> None:
    """Raise InputError if a named column is in none of the rows."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    plain_names = set(map(plain_name, keys))
    missing = [
        f"{name!r} ({part}_column)"
        for part, name in names._asdict().items()
        if name is not None and plain_name(name) not in plain_names
    ]
    if missing:
        raise missing_column("the list", keys, " or ".join(missing))


class RowKeys(NamedTuple):
    """What the keys of an object mean."""

    columns: Columns
    options: tuple[str, ...]
    """Those that are options, or may hold options."""


FindKeys = Callable[[tuple[str, ...], ColumnNames], RowKeys]


def row_keys(keys: tuple[str, ...], names: ColumnNames) -> RowKeys:
    """Return what the keys of an object mean. Raises InputError if two are alike."""
    return RowKeys(find_columns("the object", keys, names), tuple(filter(is_option_key, keys)))


def read_item(
    value: Json,
    settings: Settings,
    names: ColumnNames = USUAL_NAMES,
    find_keys: FindKeys = row_keys,
) -> Item:
    """Return the Item for a string or an object of a list; a string may hold the object as JSON.

    Never raises for a bad value: the Item then has the error. `find_keys` may be a `row_keys` that remembers.
    """
    row = decoded(value) if isinstance(value, str) else value
    if not isinstance(row, dict):
        return _text_item(row, settings)
    return read_row(row, settings, names, find_keys, in_list=True)


def _text_item(value: Json, settings: Settings) -> Item:
    try:
        return Item(checked(value, settings), sent=str(value))
    except InputError as error:
        return Item(None, error)


def read_row(
    row: Mapping[str, Json],
    settings: Settings,
    names: ColumnNames = USUAL_NAMES,
    find_keys: FindKeys = row_keys,
    in_list: bool = False,
) -> Item:
    """Return the Item for an object. If it is `in_list`, options among its keys are an error; other keys are ignored.

    Never raises for a bad value, as `read_item`.
    """
    item_id: str | int | float | None = None
    try:
        keys = tuple(row)
        columns, options = find_keys(keys, names)
        if columns.id is not None:
            item_id = checked_id(row[keys[columns.id]])
        elif names.id is not None:
            raise missing_column("the object", keys, repr(names.id))
        if in_list and options:
            refuse_options(row, options)
        sent = _row_text(row, keys, columns, names, settings)
        return Item(checked(sent, settings), None, item_id, str(sent))
    except InputError as error:
        return Item(None, error, item_id)


def checked(text: Json, settings: Settings) -> str:
    """Return `text` as the model reads it. Raises InputError if it cannot be classified."""
    if not isinstance(text, str):
        raise InputError(f"a text must be a string, found {describe_value(text)}")
    _check_length(text, settings)
    kind = document_of(text)
    if kind is not None:
        raise InputError(f"the text is {kind}; send its headlines, each as a text of its own")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InputError(f"the text is not valid Unicode: a lone surrogate at character {error.start}") from error
    text = normalise(text)
    if is_blank(text):
        raise InputError("the text is empty; send at least one word")
    if is_placeholder(text):
        raise InputError(f"no text: {text.strip()!r} stands for a missing value")
    if is_like_json(text):
        raise _json_text("the text")
    return text


def _check_length(text: Json, settings: Settings) -> None:
    """Raise LimitError for a string above `max_chars`, before anything is done that takes time by its length."""
    if isinstance(text, str) and len(text) > settings.max_chars:
        raise LimitError(
            f"the text has {len(text):,} characters, at most {settings.max_chars:,} are allowed (AGNEWS_MAX_CHARS); "
            "shorten it"
        )


def _json_text(part: str) -> InputError:
    return InputError(f"{part} is JSON, or starts like it; send valid JSON that is not in a string, or a headline")


def _row_text(
    row: Mapping[str, Json], keys: Sequence[str], columns: Columns, names: ColumnNames, settings: Settings
) -> Json:
    """Return the first text that is not missing, joined with its description."""
    values = [unquoted(row[keys[index]]) for index in columns.texts]
    for text in values:
        _check_length(text, settings)
        if not is_missing(text):
            break
    else:
        text = next((value for value in values if value is not None), None)
        if text is None:
            raise _no_text(row, keys, columns, names)
        return text  # a placeholder, for example, which `checked` refuses
    description = None if columns.description is None else unquoted(row[keys[columns.description]])
    _check_length(description, settings)
    if is_missing(description) or not isinstance(text, str):
        return text
    if not isinstance(description, str):
        name = keys[columns.description or 0]
        raise InputError(f"{name!r} must be a string, found {describe_value(description)}")
    if is_like_json(normalise(description)):
        raise _json_text(f"{keys[columns.description or 0]!r}")
    return joined(text, description)


def _no_text(row: Mapping[str, Json], keys: Sequence[str], columns: Columns, names: ColumnNames) -> InputError:
    expected = " or ".join(map(repr, TEXT_KEYS)) if names.text is None else repr(names.text)
    problem = f"{keys[columns.texts[0]]!r} is null" if columns.texts else f"found {describe_keys(row)}"
    return InputError(f"no text: expected {expected}; {problem}")
