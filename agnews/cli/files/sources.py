"""Files and standard input, opened and read in whatever form they have."""

import io
import select
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agnews.api.columns import ColumnNames
from agnews.api.forms import markup_of
from agnews.cli.files.decoding import CHUNK_BYTES
from agnews.cli.files.forms import SUFFIXES, TABLE_SUFFIXES, Form, form_of, form_of_name
from agnews.cli.files.json_rows import json_source, json_table
from agnews.cli.files.lines import Lines, always_ready, read_lines
from agnews.cli.files.rows import Source, Table, csv_source, csv_table, table_source, text_source
from agnews.cli.files.signatures import MARKUP_REMEDY, PARQUET, WORKBOOK, kind_of
from agnews.errors import InputError

STANDARD_INPUT = "standard input"


@dataclass(frozen=True)
class Reading:
    """How the user says that a file is to be read; None: as its name and its content show."""

    form: Form | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Opened:
    """A stream with what its name and its kind tell."""

    name: str
    stream: io.BufferedReader
    form: Form | None
    """What the name shows."""
    size: int | None = None
    """Bytes, if it is a file."""
    ready: Callable[[], bool] = always_ready
    """Returns whether reading would not have to wait."""


AS_IT_IS = Reading()


@contextmanager
def open_source(path: Path, names: ColumnNames, reading: Reading = AS_IT_IS) -> Iterator[Source]:
    """Open a file, or a path that leads to a pipe, for the block and yield its rows.

    Raises:
        InputError: the file cannot be read, has no known form, or lacks a column.
    """
    with opened_path(path) as opened:
        yield source_of(opened, names, reading)


@contextmanager
def open_table(path: Path, encoding: str | None = None) -> Iterator[Table]:
    """Open a CSV or JSON file, workbook or Parquet file for the block and yield its records.

    Raises:
        InputError: the file cannot be read.
    """
    with opened_path(path) as opened:
        table = binary_table_of(opened)
        if table is None:
            lines = read_lines(opened.stream, opened.name, encoding, opened.ready)
            if form_of(opened.name, lines.beginning(), "csv") != "csv":
                table = json_table(opened.name, lines)
            else:
                table = csv_table(lines, "\t" if opened.form == "tsv" else ",")
        yield table


@contextmanager
def opened_path(path: Path) -> Iterator[Opened]:
    """Open what a path leads to for the block. Raises InputError if it cannot be read."""
    try:
        raw = path.open("rb", buffering=0)
        status = path.stat()
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})") from error
    with buffered(raw) as stream:
        if stat.S_ISREG(status.st_mode):
            yield Opened(str(path), stream, form_of_name(path), status.st_size)
        else:
            yield Opened(str(path), stream, None, ready=_readiness(raw))


@contextmanager
def open_standard_input(names: ColumnNames, reading: Reading = AS_IT_IS) -> Iterator[Source]:
    """Yield the rows of standard input. Raises InputError as `open_source` does, or if it is closed."""
    if sys.stdin is None:
        raise InputError("standard input is closed; give headlines as arguments or with --file")
    raw = io.FileIO(sys.stdin.fileno(), closefd=False)
    with buffered(raw) as stream:
        if sys.stdin.isatty() and reading.form is None:
            reading = Reading("txt", reading.encoding)
        yield source_of(Opened(STANDARD_INPUT, stream, None, ready=_readiness(raw)), names, reading)


def buffered(raw: io.FileIO) -> io.BufferedReader:
    """Return the stream with a buffer, whose bytes can be looked at before they are read."""
    return io.BufferedReader(raw, CHUNK_BYTES)


def _readiness(raw: io.FileIO) -> Callable[[], bool]:
    return lambda: bool(select.select([raw], [], [], 0)[0])


def source_of(opened: Opened, names: ColumnNames, reading: Reading) -> Source:
    """Return the rows of a stream, in the form that the user named or that its first bytes, name and line show."""
    table = binary_table_of(opened)
    if table is not None:
        return table_source(opened.name, table, names)
    kind = kind_of(opened.stream.peek())
    if kind is None and opened.size is not None and opened.form is None and reading.form is None:
        raise unknown_form(opened.name)
    lines = read_lines(opened.stream, opened.name, reading.encoding, opened.ready)
    size = opened.size if kind is None and lines.encoding == "UTF-8" else None
    return lines_source(opened, lines, names, reading.form, size)


def unknown_form(name: str) -> InputError:
    """Return the error of a text file whose name does not show its form."""
    if Path(name).suffix.lower() in TABLE_SUFFIXES:
        return InputError(f"{name} is not what its name says, but text; if it is CSV, say --input-format csv")
    expected = ", ".join((*SUFFIXES, *TABLE_SUFFIXES))
    return InputError(f"{name}: expected a name that ends in {expected}; or name its --input-format")


def binary_table_of(opened: Opened) -> Table | None:
    """Return the records of a workbook or a Parquet file; None if the stream is neither."""
    kind = kind_of(opened.stream.peek())
    if kind not in (WORKBOOK, PARQUET):
        return None
    from agnews.cli.files.tables import binary_table

    return binary_table(opened.name, opened.stream, kind)


def lines_source(opened: Opened, lines: Lines, names: ColumnNames, form: Form | None, size: int | None) -> Source:
    """Return the rows of lines in the form that was named, or else in the one that the name or the first line shows.

    Raises:
        InputError: the text is markup, in whatever encoding.
    """
    kind = markup_of(lines.beginning())
    if kind is not None:
        raise InputError(f"{opened.name} is {kind}; {MARKUP_REMEDY}")
    match form or form_of(opened.name, lines.beginning(), opened.form):
        case "txt":
            return text_source(opened.name, lines, names, size)
        case "csv":
            return csv_source(opened.name, lines, names, size)
        case "tsv":
            return csv_source(opened.name, lines, names, size, "\t")
        case _:
            return json_source(opened.name, lines, names, size)
