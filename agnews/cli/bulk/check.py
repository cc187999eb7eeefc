"""A check of the beginning of a file, before the run starts, against what Step Functions will read there."""

import io
from collections.abc import Callable, Sequence

from agnews.api.request import Json, read_item
from agnews.cli.bulk.reader import DELIMITER, step_functions_records
from agnews.cli.files.columns import TEXT_COLUMNS, ColumnNames, find_columns
from agnews.cli.files.json_rows import REMEDY, check_keys, is_document, key_finder, line_value, value_row
from agnews.cli.files.lines import UTF_8_BOM, Line, read_lines
from agnews.cli.files.records import csv_records, find_delimiter, named_delimiter
from agnews.cli.files.rows import Table, column_notes, fields_error, read_header
from agnews.cli.files.signatures import kind_of
from agnews.errors import InputError
from agnews.settings import Settings

OPEN_BYTES = 8 * 1024
"""How near to the end of the bytes that were read a quoted field may be left open: they may end within it."""
CURES = {
    "\\": "the backslash is an escape character to Step Functions, which would drop it or join rows; double it",
    '"': "a quotation mark begins a quoted part to Step Functions, wherever it stands, which would join rows; "
    'put the field in quotation marks and double those inside: "A 98"" TV"',
    "": "Step Functions reads another row here; end each line with LF or CRLF, as a CR alone does not end one",
}
"""What changes a row for Step Functions, by the character that does."""
Columns = dict[str, Json]
"""The options text_column, description_column and id_column."""


def checked_columns(
    name: str, head: bytes, complete: bool, file_format: str, names: ColumnNames
) -> tuple[Columns, list[str]]:
    """Return the columns of the file that begins with `head`, and notes about them.

    Raises:
        InputError: the file is not in its format, lacks a column, or has a row that Step Functions would read
            differently; the message names the row.
    """
    kind = kind_of(head)
    if kind is not None:
        raise InputError(f"{name} is {kind.name}; Step Functions reads CSV and JSON Lines that are not compressed")
    if head.startswith(UTF_8_BOM):
        raise InputError(f"{name} begins with a byte order mark, which would become part of a name; save it without")
    lines = read_lines(io.BufferedReader(io.BytesIO(head)), name)
    if lines.encoding != "UTF-8":
        raise InputError(f"{name} is {lines.encoding}; Step Functions reads UTF-8: save it as that, without a BOM")
    if is_document(lines.beginning()):
        raise InputError(f"{name} is one JSON document; {REMEDY}")
    return CHECKS[file_format](name, list(lines) if complete else list(lines)[:-1], complete, names)


def csv_columns(name: str, lines: Sequence[Line], complete: bool, names: ColumnNames) -> tuple[Columns, list[str]]:
    """Return the columns exactly as the header writes them: the function's comparison is case-sensitive."""
    first_line = next((line.text for line in lines if line.text.strip()), "")
    delimiter = find_delimiter(first_line)
    if delimiter != DELIMITER or named_delimiter(first_line):
        raise InputError(f"{name} separates its fields by {delimiter!r}; the state machine reads commas: convert it")
    table = Table(csv_records(iter(lines)))
    header = read_header(name, table)
    indices = find_columns(name, header, names)
    cells_by_line = dict(step_functions_records("".join(line.text for line in lines)))
    for cells, line in table.records:
        if line.error and not complete and lines[-1].end - line.end < OPEN_BYTES:
            break
        read = cells_by_line.get(line.number, [])
        problem = row_problem(cells, line, read, header, list(indices.values()))
        undecoded = lines[line.number - 1].error is not None
        if problem is not None and (undecoded or not is_escaped(line.text, read, header)):
            raise InputError(f"{name}:{line.number}: {problem}")
    columns: Columns = {f"{key}_column": header[index] for key, index in indices.items()}
    return columns, column_notes(header, indices["text"], names.text)


def row_problem(
    cells: Sequence[str], line: Line, read: Sequence[str], header: Sequence[str], wanted: Sequence[int]
) -> str | None:
    """Return what Step Functions would lose of a row in the columns wanted, and the cure; None if nothing.

    `cells` are the row's, `read` are those that Step Functions would read on that line.
    """
    if line.error is not None:
        return str(line.error)
    if cells == header or line.begins_file:
        return "another file begins here, and its header would be read as a row; leave out the line"
    if any(cell.strip() for cell in cells[len(header) :]):
        surplus = fields_error(len(cells), len(header), DELIMITER)
        return f"{surplus}; Step Functions would drop the surplus fields"
    ours, theirs = ([row[index].rstrip("\r") if index < len(row) else "" for index in wanted] for row in (cells, read))
    if theirs in (ours, [cell.replace("\\\\", "\\") for cell in ours]) and len(read) == len(cells):
        return None
    return next(cure for character, cure in CURES.items() if character in line.text)


def is_escaped(text: str, read: Sequence[str], header: Sequence[str]) -> bool:
    """Return whether a row escapes with backslashes, as Step Functions alone reads them, and is complete."""
    return ('\\"' in text or "\\," in text) and len(read) == len(header) and not any("\n" in cell for cell in read)


def json_columns(name: str, lines: Sequence[Line], _: bool, names: ColumnNames) -> tuple[Columns, list[str]]:
    """Return the columns that were named, and the text's if an object has several, after checking each line."""
    filled = [line for line in lines if line.text.strip()]
    values = [line_value(line) for line in filled]
    for line, value in zip(filled, values, strict=True):
        if isinstance(value, InputError):
            raise InputError(f"{name}:{line.number}: {value}; such a line ends the run")
    objects = [value for value in values if isinstance(value, dict)]
    notes = check_keys(name, objects, names)
    find_keys = key_finder(names)
    if values:
        row = value_row(filled[0], values[0], names, find_keys)
        problem = row.error or read_item(row.value, Settings()).error
        if problem is not None:
            raise InputError(f"{name}: the first line cannot be answered: {problem}")
    return _json_options(objects, names), notes


def _json_options(objects: Sequence[dict[str, Json]], names: ColumnNames) -> Columns:
    """Return the keys as the objects write them."""
    find_keys = key_finder(names)
    columns: Columns = {}
    for value in objects:
        keys = find_keys(tuple(value))
        usual_text = names.text is None and len(keys.texts) < 2 and set(keys.texts) <= set(TEXT_COLUMNS)
        if keys.texts and not usual_text:
            columns.setdefault("text_column", keys.texts[0])
        for usual, key in (("description", keys.description), ("id", keys.id)):
            if key not in (None, usual):
                columns.setdefault(f"{usual}_column", key)
    return columns


CHECKS: dict[str, Callable[[str, Sequence[Line], bool, ColumnNames], tuple[Columns, list[str]]]] = {
    "csv": csv_columns,
    "jsonl": json_columns,
}
