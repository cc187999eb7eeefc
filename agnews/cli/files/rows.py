"""Rows of files, standard input and arguments: one at a time, each with its line number or its error."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agnews.api.request import DEFAULT_COLUMNS, Columns, Json
from agnews.cli.files.columns import ColumnNames, find_columns
from agnews.cli.files.lines import Line, csv_records, read_lines
from agnews.errors import InputError


@dataclass(frozen=True)
class InputRow:
    """One text to classify, as it was read."""

    line: int
    """Where the row begins, from 1."""
    value: Json
    """What `read_item` takes, if there is no error."""
    error: InputError | None = None
    cells: tuple[str, ...] = ()
    """All cells of a CSV row, as many as the header has."""
    end: int = 0
    """Bytes of the source up to the end of the row."""


def never_idle() -> bool:
    """Return False: the next row of a file is always there."""
    return False


@dataclass(frozen=True)
class Source:
    """Rows in order, read when they are asked for."""

    name: str
    rows: Iterator[InputRow]
    columns: Columns = DEFAULT_COLUMNS
    """The keys of text, description and id, for rows that are objects."""
    header: tuple[str, ...] = ()
    """The columns of a CSV file."""
    size: int | None = None
    """Bytes in total, if known."""
    idle: Callable[[], bool] = never_idle
    """Returns whether the next row has yet to arrive."""


@contextmanager
def open_source(path: Path, names: ColumnNames) -> Iterator[Source]:
    """Open a .txt, .csv, .tsv or .jsonl file for the block and yield its rows.

    Raises:
        InputError: the file cannot be read, has another suffix, or lacks a column.
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


def text_source(name: str, lines: Iterator[Line], names: ColumnNames, size: int | None = None) -> Source:
    """Return one row per line that is not blank. Raises InputError if a column is named."""
    if names != ColumnNames():
        raise InputError(f"{name} has no columns to choose from: it is read as one headline per line")
    rows = (
        InputRow(line.number, line.text.rstrip("\r\n"), line.error, end=line.end)
        for line in lines
        if line.error or line.text.strip()
    )
    return Source(name, rows, size=size)


def json_source(name: str, lines: Iterator[Line], names: ColumnNames, size: int | None) -> Source:
    """Return one row per line that is not blank; each holds a JSON string or object."""
    rows = (_json_row(line) for line in lines if line.error or line.text.strip())
    return Source(name, rows, names.columns(), size=size)


def _json_row(line: Line) -> InputRow:
    if line.error is not None:
        return InputRow(line.number, None, line.error, end=line.end)
    try:
        return InputRow(line.number, json.loads(line.text), end=line.end)
    except (ValueError, RecursionError) as error:
        # Besides malformed JSON: numbers of more than 4,300 digits, and nesting beyond the interpreter's stack.
        detail = "a number is too long or the nesting too deep"
        if isinstance(error, json.JSONDecodeError):
            detail = f"{error.msg} at character {error.pos + 1}"
        problem = InputError(f"the line is not valid JSON ({detail}); expected a string or an object")
        return InputRow(line.number, None, problem, end=line.end)


def csv_source(name: str, lines: Iterator[Line], names: ColumnNames, size: int | None, delimiter: str = ",") -> Source:
    """Return the rows below the header. Empty lines are skipped; quoted fields may contain line ends."""
    records = csv_records(lines, delimiter)
    header, first = next(records, ([], None))
    if first is None or first.error is not None:
        reason = "it is empty" if first is None else first.error
        raise InputError(f"{name} has no header ({reason}); its first row must name the columns")
    indices = find_columns(name, header, names)
    rows = (_csv_row(cells, line, header, indices) for cells, line in records)
    return Source(name, rows, header=tuple(header), size=size)


def _csv_row(cells: Sequence[str], line: Line, header: Sequence[str], indices: dict[str, int]) -> InputRow:
    error = line.error
    if error is None and len(cells) != len(header):
        error = InputError(f"the row has {len(cells):,} fields, the header has {len(header):,}")
    padded = tuple(cells[: len(header)]) + ("",) * (len(header) - len(cells))
    return InputRow(line.number, {key: padded[index] for key, index in indices.items()}, error, padded, line.end)


def tsv_source(name: str, lines: Iterator[Line], names: ColumnNames, size: int | None) -> Source:
    """Return what `csv_source` does, for fields separated by tabs."""
    return csv_source(name, lines, names, size, "\t")


READERS: dict[str, Callable[[str, Iterator[Line], ColumnNames, int | None], Source]] = {
    ".txt": text_source,
    ".csv": csv_source,
    ".tsv": tsv_source,
    ".jsonl": json_source,
}
