"""CSV records, and the delimiter that separates their fields."""

import csv
from collections import deque
from collections.abc import Iterator

from agnews.api.forms import DELIMITERS, NAME, named_delimiter
from agnews.api.placeholders import is_blank
from agnews.cli.files.lines import Line
from agnews.errors import InputError

MAX_FIELD_CHARS = 1024 * 1024
"""Limit of one CSV field, and so how much text is read after a quote that is never closed."""
QUOTE_REMEDY = 'put a field with quotation marks in quotation marks and double those inside: "say ""no"""'


def csv_records(lines: Iterator[Line], delimiter: str = ",") -> Iterator[tuple[list[str], Line]]:
    """Yield the cells of each CSV record with the line it begins on, whose `error` and `end` are the record's.

    A record whose cells are all empty is a blank line, and left out. If a record cannot be parsed, its first line is
    yielded as its only cell and parsing continues on the next line: a stray quote costs one row, not the file.
    """
    csv.field_size_limit(MAX_FIELD_CHARS)
    pending: deque[Line] = deque()
    while True:
        consumed: list[Line] = []
        try:
            cells = next(csv.reader(_texts(pending, lines, consumed), delimiter=delimiter, strict=True), None)
            error = next((line.error for line in consumed if line.error), None)
        except csv.Error as problem:
            pending.extendleft(reversed(consumed[1:]))
            del consumed[1:]
            cells = [consumed[0].text.rstrip("\r\n")]
            error = consumed[0].error or InputError(f"the row is not valid CSV ({problem}); {QUOTE_REMEDY}")
        if cells is None:
            return
        if error or not all(map(is_blank, cells)):
            first = consumed[0]
            yield cells, Line(first.number, first.text, consumed[-1].end, error, first.begins_file)


def _texts(pending: deque[Line], lines: Iterator[Line], consumed: list[Line]) -> Iterator[str]:
    """Yield the text of the pending lines and then of `lines`, moving each line to `consumed`."""
    while line := pending.popleft() if pending else next(lines, None):
        consumed.append(line)
        yield line.text


def find_delimiter(header: str, usual: str = ",") -> str:
    """Return what separates the fields of a header: the delimiter that makes most names of it, or else the usual one.

    A line `sep=;`, which Excel writes above the header, names it.
    """
    named = named_delimiter(header)
    if named:
        return named
    counts = {delimiter: _count_names(cells_of(header, delimiter)) for delimiter in (usual, *DELIMITERS)}
    return max(counts, key=lambda delimiter: counts[delimiter])


def _count_names(cells: list[str]) -> int:
    """Return how many cells could be names of columns; 0 if the first one could not, as in a row of texts."""
    names = [NAME.fullmatch(cell.strip()) is not None for cell in cells]
    return sum(names) if names and (names[0] or not cells[0]) else 0


def cells_of(line: str, delimiter: str) -> list[str]:
    """Return the cells of one line, as well as they can be told from that line alone."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]
