"""Rows of files, standard input and arguments: one at a time, each with its line number or its error."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from agnews.api.columns import ColumnNames
from agnews.api.forms import named_delimiter
from agnews.api.request import Json
from agnews.cli.files.columns import NO_NAMES, file_columns, text_notes
from agnews.cli.files.lines import Line, Lines
from agnews.cli.files.records import csv_records, find_delimiter
from agnews.errors import InputError


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
        if line.error or line.text.strip()
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
    header = read_header(name, table)
    columns = file_columns(name, header, names)
    indices = [index for index in (*columns.texts, columns.description, columns.id) if index is not None]
    notes = [*table.notes, *text_notes([header[index] for index in columns.texts])]
    return Source(name, _table_rows(table, header, indices, notes), tuple(header), names, notes=notes)


def read_header(name: str, table: Table) -> list[str]:
    """Return the cells of the first record. Raises InputError if there is none that can be read."""
    header, line = next(table.records, ([], None))
    if line is None or line.error is not None:
        reason = "it is empty" if line is None else line.error
        raise InputError(f"{name} has no header ({reason}); its first row must name the columns")
    return without_surplus(header, 0)


def without_surplus(cells: list[str], width: int) -> list[str]:
    """Return the cells without the empty ones at the end, as far as there are more than `width`."""
    while len(cells) > width and not cells[-1].strip():
        cells = cells[:-1]
    return cells


def _table_rows(table: Table, header: list[str], indices: Sequence[int], notes: list[str]) -> Iterator[InputRow]:
    for record, line in table.records:
        cells = without_surplus(record, len(header))
        if cells == header and line.error is None:
            notes.append(f"line {line.number:,} repeats the header and was left out")
        else:
            yield _csv_row(cells, line, header, indices, table.delimiter)


def _csv_row(
    cells: Sequence[str], line: Line, header: Sequence[str], indices: Sequence[int], delimiter: str
) -> InputRow:
    error = line.error
    if error is None and line.begins_file:
        error = InputError("another file begins here (with a byte order mark), and its header differs; split the file")
    elif error is None and len(cells) != len(header):
        error = fields_error(len(cells), len(header), delimiter)
    padded = (*cells[: len(header)], *[""] * (len(header) - len(cells)))
    value: dict[str, Json] = {header[index]: padded[index] for index in indices}
    return InputRow(line.number, value if line.error is None else None, error, padded, line.end)


def fields_error(count: int, expected: int, delimiter: str) -> InputError:
    """Return the error of a row that has another number of fields than the header."""
    part = repr(delimiter) if count > expected else "a line end"
    add = "" if count > expected else "; keep the delimiters of empty fields"
    return InputError(
        f"the row has {count:,} fields, the header has {expected:,}; "
        f'put a field that contains {part} in quotation marks: "…"{add}'
    )
