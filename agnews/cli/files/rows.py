"""Rows out of files, standard input and the command line: one at a time, each with its line number or its error."""

import csv
import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from agnews.api.request import USUAL_COLUMNS, Columns, Json
from agnews.cli.files.columns import Names, find_columns
from agnews.errors import InputError, LimitError

LINE_BYTES = 4 * 1024 * 1024
"""Bytes of one line. 100,000 characters are 1.2 MB when JSON escapes each; a longer line is not a headline."""
FIELD_CHARS = 1024 * 1024
"""Characters of one CSV field; also how far a quote that is never closed is followed before its row is given up."""
UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Line:
    """One line, its end included, decoded (with replacement characters where `error` says that it is not UTF-8)."""

    number: int
    text: str
    end: int
    error: InputError | None


@dataclass(frozen=True)
class Row:
    """What one text is read from."""

    line: int
    """Where it begins, from 1."""
    value: Json
    """What `read_item` reads, where there is no error."""
    error: InputError | None = None
    cells: tuple[str, ...] = ()
    """A CSV row's own cells, as many as the header has."""
    end: int = 0
    """Bytes of the source up to the row's end."""


class Lines(Protocol):
    """What lines are read from."""

    def readline(self, size: int, /) -> bytes: ...


def never_idle() -> bool:
    """False: a file's next row is there."""
    return False


@dataclass(frozen=True)
class Source:
    """Rows in order, read as they are asked for."""

    name: str
    rows: Iterator[Row]
    columns: Columns = USUAL_COLUMNS
    """Where a row's value holds text, description and id, if it is an object."""
    header: tuple[str, ...] = ()
    """A CSV file's own columns."""
    size: int | None = None
    """Bytes in all, where that is known."""
    idle: Callable[[], bool] = never_idle
    """Says whether the next row would have to be waited for."""


@contextmanager
def open_source(path: Path, names: Names) -> Iterator[Source]:
    """The rows of a .txt, .csv, .tsv or .jsonl file, which stays open for the block.

    Raises:
        InputError: the file cannot be read, or has another form or other columns.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(f"{path}: expected a name that ends in {', '.join(READERS)}")
    try:
        stream = path.open("rb")
        size = path.stat().st_size if path.is_file() else None
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})") from error
    with stream:
        yield reader(str(path), read_lines(stream), names, size)


def read_lines(stream: Lines) -> Iterator[Line]:
    """The lines of a UTF-8 stream, with or without BOM. Raises InputError for UTF-16."""
    end = number = 0
    while raw := stream.readline(LINE_BYTES):
        number += 1
        end += len(raw)
        if number == 1 and raw.startswith(UTF_16):
            raise InputError("the input is UTF-16; save it as UTF-8")
        rest = 0
        cut = len(raw) >= LINE_BYTES and not raw.endswith(b"\n")
        while cut and (more := stream.readline(LINE_BYTES)):
            rest += len(more)
            if more.endswith(b"\n"):
                break
        end += rest
        if cut:
            yield Line(number, "", end, LimitError(f"the line is longer than {LINE_BYTES:,} bytes"))
        else:
            yield _line(raw.removeprefix(b"\xef\xbb\xbf") if number == 1 else raw, number, end)


def _line(raw: bytes, number: int, end: int) -> Line:
    if b"\0" in raw:
        return Line(
            number, raw.decode(errors="replace"), end, InputError("the line holds a NUL; save it as UTF-8 text")
        )
    try:
        return Line(number, raw.decode(), end, None)
    except UnicodeDecodeError as error:
        problem = InputError(f"the line is not UTF-8 (its byte {error.start + 1}); save the file as UTF-8")
        return Line(number, raw.decode(errors="replace"), end, problem)


def text_source(name: str, lines: Iterator[Line], names: Names, size: int | None = None) -> Source:
    """One headline a line; blank lines are skipped."""
    if names != Names():
        raise InputError(f"{name} has no columns to choose from: it is read as one headline a line")
    rows = (
        Row(line.number, line.text.rstrip("\r\n"), line.error, end=line.end)
        for line in lines
        if line.error or line.text.strip()
    )
    return Source(name, rows, size=size)


def json_source(name: str, lines: Iterator[Line], names: Names, size: int | None) -> Source:
    """A string or an object a line; blank lines are skipped."""
    rows = (_json_row(line) for line in lines if line.error or line.text.strip())
    return Source(name, rows, names.columns(), size=size)


def _json_row(line: Line) -> Row:
    if line.error is not None:
        return Row(line.number, None, line.error, end=line.end)
    try:
        return Row(line.number, json.loads(line.text), end=line.end)
    except (ValueError, RecursionError) as error:
        # Besides malformed JSON: numbers of more than 4,300 digits, and nesting beyond the interpreter's stack.
        detail = "a number or nesting beyond the limits"
        if isinstance(error, json.JSONDecodeError):
            detail = f"{error.msg} at character {error.pos + 1}"
        problem = InputError(f"the line is not JSON ({detail}); expected a string or an object")
        return Row(line.number, None, problem, end=line.end)


def csv_source(name: str, lines: Iterator[Line], names: Names, size: int | None, delimiter: str = ",") -> Source:
    """A header and its rows; empty lines are skipped, quoted fields may hold line ends."""
    found = records(lines, delimiter)
    header, first = next(found, ([], None))
    if first is None or first.error is not None:
        reason = "it is empty" if first is None else first.error
        raise InputError(f"{name} has no header ({reason}); its first row must name the columns")
    places = find_columns(name, header, names)
    return Source(
        name, (_csv_row(cells, line, header, places) for cells, line in found), header=tuple(header), size=size
    )


def _csv_row(cells: Sequence[str], line: Line, header: Sequence[str], places: dict[str, int]) -> Row:
    error = line.error
    if error is None and len(cells) != len(header):
        error = InputError(f"the row has {len(cells):,} fields, the header has {len(header):,}")
    kept = tuple(cells[: len(header)]) + ("",) * (len(header) - len(cells))
    return Row(line.number, {key: kept[place] for key, place in places.items()}, error, kept, line.end)


def tsv_source(name: str, lines: Iterator[Line], names: Names, size: int | None) -> Source:
    """As `csv_source`, with tabs between the fields."""
    return csv_source(name, lines, names, size, "\t")


READERS: dict[str, Callable[[str, Iterator[Line], Names, int | None], Source]] = {
    ".txt": text_source,
    ".csv": csv_source,
    ".tsv": tsv_source,
    ".jsonl": json_source,
}


def records(lines: Iterator[Line], delimiter: str = ",") -> Iterator[tuple[list[str], Line]]:
    """CSV records, and with each the line that it began on (its `error` and `end` being the record's).

    A record that cannot be parsed is given up after its first line, which is then its only cell: a stray quote costs
    one row, not the file.
    """
    csv.field_size_limit(FIELD_CHARS)
    waiting: deque[Line] = deque()
    while True:
        taken: list[Line] = []
        try:
            cells = next(csv.reader(_feed(waiting, lines, taken), delimiter=delimiter, strict=True), None)
            error = next((line.error for line in taken if line.error), None)
        except csv.Error as problem:
            waiting.extendleft(reversed(taken[1:]))
            del taken[1:]
            cells, error = [taken[0].text.rstrip("\r\n")], InputError(f"the row is not CSV ({problem})")
        if cells is None:
            return
        if cells or error:
            yield cells, Line(taken[0].number, taken[0].text, taken[-1].end, error)


def _feed(waiting: deque[Line], lines: Iterator[Line], taken: list[Line]) -> Iterator[str]:
    while line := waiting.popleft() if waiting else next(lines, None):
        taken.append(line)
        yield line.text
