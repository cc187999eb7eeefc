"""Rows of files, standard input and arguments: one at a time, each with its line number or its error."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain

from agnews.api.columns import TEXT_KEYS, ColumnNames, plain_name
from agnews.api.forms import named_delimiter
from agnews.api.placeholders import is_blank
from agnews.api.values import Json
from agnews.cli.files.columns import NO_NAMES, file_columns, text_notes
from agnews.cli.files.lines import Line, Lines
from agnews.cli.files.records import csv_records, find_delimiter
from agnews.errors import InputError

AG_NEWS_HEADER = ["class", "title", "description"]
"""The columns of AG News' own files, which have no header."""
_AG_NEWS_CLASS = re.compile(r"[0-4](\.0*)?")
_WORD = re.compile(r"\s*\w[\w.-]{0,39}\s*")


@dataclass(frozen=True)
class InputRow:
    """One text to classify, as it was read."""

    line: int
    """Where the row begins, from 1."""
    value: Json
    """A text, or an object in whose keys the text, the description and the id are."""
    error: InputError | None = None
    cells: tuple[str, ...] = ()
    """All cells of a row with columns, as many as the header has."""
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
    header: tuple[str, ...] = ()
    """The columns of a file that has some."""
    names: ColumnNames = NO_NAMES
    """The columns, or keys of its objects, that the user named."""
    size: int | None = None
    """Bytes in total, if known."""
    idle: Callable[[], bool] = never_idle
    """Returns whether the next row has yet to arrive."""
    notes: list[str] = field(default_factory=list)
    """What a summary says about how the rows were read; it grows while they are."""


def text_source(name: str, lines: Lines, names: ColumnNames, size: int | None = None) -> Source:
    """Return one row per line that is not blank. Raises InputError if a column is named."""
    if names != NO_NAMES:
        raise InputError(
            f"{name} has no columns to choose from: it is read as one headline per line; "
            "--input-format csv or jsonl reads it as one of those"
        )
    rows = (
        InputRow(line.number, None, line.error, end=line.end)
        if line.error
        else InputRow(line.number, line.text.rstrip("\r\n"), end=line.end)
        for line in lines
        if line.error or not is_blank(line.text)
    )
    return Source(name, rows, size=size, idle=lines.idle)


@dataclass(frozen=True)
class Table:
    """Records of cells in order, the first of which is usually the header."""

    records: Iterator[tuple[list[str], Line]]
    """Each with the line that it begins on; those without any text are left out."""
    delimiter: str = ","
    notes: list[str] = field(default_factory=list)
    """What a summary says about how the table was read."""


def cell_text(value: object) -> str:
    """Return a cell's value as CSV has it: empty for None, and whole numbers without a point."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def csv_table(lines: Lines, usual_delimiter: str = ",") -> Table:
    """Return the records of CSV, whatever separates its fields; the line `sep=;` is not one of them."""
    first_line = lines.beginning()
    if named_delimiter(first_line):
        while not named_delimiter(next(lines).text):
            pass
    delimiter = find_delimiter(first_line, usual_delimiter)
    return Table(csv_records(lines, delimiter), delimiter)


def csv_source(name: str, lines: Lines, names: ColumnNames, size: int | None, delimiter: str = ",") -> Source:
    """Return the rows below the header. Empty lines are skipped; quoted fields may contain line ends."""
    return replace(table_source(name, csv_table(lines, delimiter), names), size=size, idle=lines.idle)


def table_source(name: str, table: Table, names: ColumnNames) -> Source:
    """Return the records below the first one, which is the header. Raises InputError if it lacks a column."""
    header, table = split_header(name, table)
    columns = file_columns(name, header, names)
    indices = [index for index in (*columns.texts, columns.description, columns.id) if index is not None]
    notes = [*table.notes, *text_notes([header[index] for index in columns.texts])]
    rows = (
        _csv_row(cells, line, header, indices, table.delimiter)
        for cells, line in aligned_records(table.records, header, notes)
    )
    return Source(name, rows, tuple(header), names, notes=notes)


def split_header(name: str, table: Table) -> tuple[list[str], Table]:
    """Return the names of the columns and the table without its header; AG News' own files have none.

    Raises:
        InputError: there is no first record, or it cannot be read.
    """
    first, line = next(table.records, ([], None))
    if line is None or line.error is not None:
        reason = "it is empty" if line is None else line.error
        raise InputError(f"{name} has no header ({reason}); its first row must name the columns")
    if is_ag_news(first):
        return AG_NEWS_HEADER, replace(table, records=chain([(first, line)], table.records))
    return without_surplus(first, 0), table


def is_ag_news(cells: Sequence[str]) -> bool:
    """Return whether a first record is one of AG News' own files: a class from 0 to 4, a title and a description."""
    if len(cells) != len(AG_NEWS_HEADER) or any(plain_name(cell) in TEXT_KEYS for cell in cells):
        return False
    return _AG_NEWS_CLASS.fullmatch(cells[0].strip()) is not None


def without_surplus(cells: list[str], width: int) -> list[str]:
    """Return the cells without the empty ones at the end, as far as there are more than `width`."""
    while len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def aligned_records(
    records: Iterator[tuple[list[str], Line]], header: Sequence[str], notes: list[str]
) -> Iterator[tuple[list[str], Line]]:
    """Yield the records with their cells in the header's order, and without the empty ones beyond it.

    Concatenated files repeat the header, which is left out, and noted; the rows below it are in its order. Where a
    header with other columns begins, it and the rows below it have an error.
    """
    names = [plain_name(name) for name in header]
    order: list[int] = []
    other: InputError | None = None
    for record, line in records:
        cells = without_surplus(record, len(header))
        cell_names = [] if line.error else [plain_name(cell) for cell in cells]
        if sorted(cell_names) == sorted(names):
            order, other = [] if cell_names == names else [cell_names.index(name) for name in names], None
            how = " in another order, in which the rows below it are read;" if order else ""
            notes.append(f"line {line.number:,} repeats the header{how} and was left out")
            continue
        if (line.begins_file and not is_ag_news(cells)) or _is_other_header(cells, cell_names, names):
            other = InputError(
                f"another file begins here (line {line.number:,}), and its header differs; split the file"
            )
        if len(cells) == len(order):
            cells = [cells[index] for index in order]
        yield cells, line if other is None else replace(line, error=other)


def _is_other_header(cells: Sequence[str], cell_names: Sequence[str], names: Sequence[str]) -> bool:
    """Return whether a row names columns: the text's, in another place, and others of the header or only words."""
    texts = [key for key in TEXT_KEYS if key in names and key in cell_names]
    if all(cell_names.index(key) == names.index(key) for key in texts):
        return False
    return len(set(cell_names) & set(names)) > 1 or all(map(_WORD.fullmatch, cells))


def _csv_row(
    cells: Sequence[str], line: Line, header: Sequence[str], indices: Sequence[int], delimiter: str
) -> InputRow:
    error = line.error
    if error is None and len(cells) != len(header):
        error = fields_error(cells, len(header), delimiter)
    padded = (*cells[: len(header)], *[""] * (len(header) - len(cells)))
    value: dict[str, Json] = {header[index]: padded[index] for index in indices}
    return InputRow(line.number, value if line.error is None else None, error, padded, line.end)


def fields_error(cells: Sequence[str], expected: int, delimiter: str) -> InputError:
    """Return the error of a row that has another number of cells than the header."""
    problem = f"the row has {len(cells):,} fields, the header has {expected:,}"
    if any(cell[:1].isspace() and cell.lstrip().startswith('"') for cell in cells):
        return InputError(f"{problem}; leave out the blank before the quotation mark that begins a field")
    part = repr(delimiter) if len(cells) > expected else "a line end"
    add = "" if len(cells) > expected else "; keep the delimiters of empty fields"
    return InputError(f'{problem}; put a field that contains {part} in quotation marks: "…"{add}')
