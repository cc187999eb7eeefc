"""Rows of JSON: one value per line, one array, or what pandas' to_json writes."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import Any

from agnews.api.columns import TEXT_KEYS, ColumnNames, find_columns, plain_name
from agnews.api.values import Json
from agnews.cli.files.columns import check_names, text_notes
from agnews.cli.files.lines import Line, Lines
from agnews.cli.files.rows import InputRow, Source, Table, cell_text
from agnews.errors import InputError

REMEDY = "write one object per line: DataFrame.to_json(FILE, orient='records', lines=True)"
LONG_LINE_CHARS = 32 * 1024
"""A line this long may not have been read to its end."""
_DOCUMENT = re.compile(r'\s*(\{\s*$|\[\s*($|[{"\[]))')
"""The first line of a document over several lines, or the beginning of an array."""
_FRAME = re.compile(r'\s*\{\s*"([^"\\]|\\.)*"\s*:\s*[{\[]')
"""The beginning of a DataFrame, whose first value is an object or an array."""
TEXT_PLACES = frozenset(TEXT_KEYS)
FIRST_ROWS = 1_000
"""Rows of a document that are searched for the named keys."""


def json_source(name: str, lines: Lines, names: ColumnNames, size: int | None) -> Source:
    """Return one row per value: of each line that is not blank, or of one array or DataFrame.

    Raises:
        InputError: a named key is in none of the first objects, or a whole document has another form.
    """
    if is_document(lines):
        values = records(name, whole_value(name, lines), names)
        numbered = ((Line(number, "", 0, None), value) for number, value in enumerate(values, 1))
        return _source(name, numbered, values[:FIRST_ROWS], names)
    first_lines = [line for line in lines.peek() if line.text.strip()]
    by_line = ((line, line_value(line)) for line in lines if line.error or line.text.strip())
    source = _source(name, by_line, [line_value(line) for line in first_lines], names)
    return replace(source, size=size, idle=lines.idle)


def json_table(name: str, lines: Lines) -> Table:
    """Return the objects of a JSON file as records, below a header of all their keys.

    Raises:
        InputError: a whole document has another form.
    """
    numbered: list[tuple[Line, Json | InputError]]
    if is_document(lines):
        values = records(name, whole_value(name, lines), ColumnNames())
        numbered = [(Line(number, "", 0, None), value) for number, value in enumerate(values, 1)]
    else:
        numbered = [(line, line_value(line)) for line in lines if line.error or line.text.strip()]
    header = list(dict.fromkeys(key for _, value in numbered if isinstance(value, dict) for key in value))
    rows = (_record(line, value, header) for line, value in numbered)
    return Table(chain([(header, Line(0, "", 0, None))], rows) if numbered else iter(()))


def _record(line: Line, value: Json | InputError, header: list[str]) -> tuple[list[str], Line]:
    if isinstance(value, dict):
        return [cell_text(value.get(key)) for key in header], line
    error = value if isinstance(value, InputError) else InputError("expected an object with a label and a text")
    return [], replace(line, error=error)


def _source(
    name: str, values: Iterator[tuple[Line, Json | InputError]], first_values: Sequence[Any], names: ColumnNames
) -> Source:
    objects = [value for value in first_values if isinstance(value, dict)]
    notes = check_keys(name, objects, names) if first_values else []
    return Source(name, (_value_row(line, value) for line, value in values), names=names, notes=notes)


def _value_row(line: Line, value: Json | InputError) -> InputRow:
    error = value if isinstance(value, InputError) else None
    return InputRow(line.number, None if isinstance(value, InputError) else value, error, end=line.end)


def is_document(lines: Lines) -> bool:
    """Return whether the lines are one JSON document that holds all rows, and not one value each."""
    beginning = lines.beginning()
    try:
        value = json.loads(beginning)
    except (ValueError, RecursionError):
        return _DOCUMENT.match(beginning) is not None or (
            len(beginning) >= LONG_LINE_CHARS and _FRAME.match(beginning) is not None
        )
    match value:
        case list() | {"columns": list(), "data": list()} | {"schema": dict(), "data": list()}:
            return lines.is_only_line()
        case dict():
            return (_is_series(value) or _is_frame(value) or _is_dict_of_lists(value)) and lines.is_only_line()
    return False


def _is_series(value: dict[str, Json]) -> bool:
    return bool(value) and all(map(str.isdecimal, value))


def _is_frame(value: dict[str, Json]) -> bool:
    """Return whether an object is a DataFrame: objects below the names of columns, or like each other, as rows are."""
    cells = [cell for cell in value.values() if isinstance(cell, dict)]
    if not cells or len(cells) < len(value):
        return False
    if any(plain_name(key) in TEXT_KEYS for key in value) or all(key.isdecimal() for cell in cells for key in cell):
        return True
    return len(cells) > 1 and all(cell.keys() == cells[0].keys() for cell in cells)


def _is_dict_of_lists(value: dict[str, Json]) -> bool:
    """Return whether an object has one list for each column, as pandas' `to_dict("list")` makes it."""
    lengths = set(map(len, _lists(value)))
    return len(_lists(value)) == len(value) and len(lengths) == 1 and not TEXT_PLACES.isdisjoint(map(plain_name, value))


def _lists(value: dict[str, Json]) -> list[list[Json]]:
    return [cells for cells in value.values() if isinstance(cells, list)]


def whole_value(name: str, lines: Lines) -> Json:
    """Return the value of a document over several lines. Raises InputError with the line of its first mistake."""
    try:
        value: Json = json.loads(lines.remainder())
    except json.JSONDecodeError as error:
        raise InputError(f"{name}:{error.lineno}: {error.msg}; expected one array of objects, or {REMEDY}") from error
    except InputError as error:
        raise InputError(f"{name}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} has a number that is too long, or is nested too deeply") from error
    return value


def records(name: str, value: Json, names: ColumnNames) -> list[Json]:
    """Return the rows of an array or of a DataFrame as pandas' to_json writes it.

    Raises:
        InputError: the value has another form.
    """
    match value:
        case list() if not any(isinstance(row, list) for row in value):
            return value
        case {"columns": list(keys), "data": list(rows)}:  # orient="split"
            return [dict(zip(map(str, keys), row, strict=False)) if isinstance(row, list) else row for row in rows]
        case {"schema": dict(), "data": list(rows)}:  # orient="table"
            return rows
        case dict() if _is_series(value):  # a Series, or orient="index"
            return list(value.values())
        case list():
            raise InputError(f"{name} is an array of arrays, without column names; {REMEDY}")
        case dict() if _is_frame(value):
            return list(_frame_rows(value, names))
        case dict() if _is_dict_of_lists(value):
            return [dict(zip(value, row, strict=True)) for row in zip(*_lists(value), strict=True)]
        case dict() if not TEXT_PLACES.isdisjoint(map(plain_name, value)):
            return [value]
    raise InputError(f"{name} is neither an array nor one object per line; {REMEDY}")


def _frame_rows(frame: dict[str, Json], names: ColumnNames) -> Iterator[Json]:
    """Yield the rows of orient="columns", or of orient="index", whose outer keys are no column names."""
    wanted = {plain_name(names.text)} if names.text else set(TEXT_KEYS)
    if wanted.isdisjoint(map(plain_name, frame)):
        yield from frame.values()
        return
    labels = dict.fromkeys(chain.from_iterable(cells for cells in frame.values() if isinstance(cells, dict)))
    for label in labels:
        yield {key: cells.get(label) for key, cells in frame.items() if isinstance(cells, dict)}


def line_value(line: Line) -> Json | InputError:
    """Return the JSON value of a line, or why there is none."""
    if line.error is not None:
        return line.error
    try:
        value: Json = json.loads(line.text)
    except (ValueError, RecursionError) as error:
        # Besides malformed JSON: numbers of more than 4,300 digits, and nesting beyond the interpreter's stack.
        detail = "a number is too long or the nesting too deep"
        if isinstance(error, json.JSONDecodeError):
            detail = f"{error.msg} at character {error.pos + 1}"
        return InputError(f"the line is not valid JSON ({detail}); expected a string or an object")
    return value


def check_keys(name: str, objects: Sequence[dict[str, Json]], names: ColumnNames) -> list[str]:
    """Return a note if an object has several texts. Raises InputError if a named key is in none of the objects."""
    check_names(name, list(dict.fromkeys(key for value in objects for key in value)), names)
    for value in objects:
        keys = list(value)
        with suppress(InputError):  # reported with its row
            texts = find_columns("the object", keys, names).texts
            if len(texts) > 1:
                return text_notes([keys[index] for index in texts])
    return []
