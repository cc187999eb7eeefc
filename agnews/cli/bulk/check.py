"""A check of the beginning of a file, before the run starts, against what Step Functions will read there."""

import io
from collections.abc import Callable, Sequence

from agnews.api.columns import ColumnNames, plain_name
from agnews.api.forms import named_delimiter
from agnews.api.request import read_item
from agnews.api.values import is_like_json
from agnews.cli.bulk.reader import DELIMITER, step_functions_records
from agnews.cli.files.columns import file_columns, text_notes
from agnews.cli.files.json_rows import REMEDY, check_keys, is_document, line_value
from agnews.cli.files.lines import UTF_8_BOM, Line, read_lines
from agnews.cli.files.records import csv_records, find_delimiter
from agnews.cli.files.rows import AG_NEWS_HEADER, Table, fields_error, split_header
from agnews.cli.files.signatures import kind_of
from agnews.errors import InputError
from agnews.settings import Settings

OPEN_BYTES = 8 * 1024
"""How near to the end of the bytes that were read a quoted field may be left open: they may end within it."""
ENCODING_REMEDY = "convert it, as Step Functions reads UTF-8 only: iconv -f {} -t utf-8 FILE"
REMEDIES = {
    "\\": "the backslash is an escape character to Step Functions, which would drop it or join rows; double it",
    '"': "a quotation mark begins a quoted part to Step Functions, wherever it is, which would join rows; "
    'put the field in quotation marks and double those inside: "A 98"" TV"',
    "": "Step Functions reads another row here; end each line with LF or CRLF, as a CR alone does not end one",
}
"""What changes a row for Step Functions, by the character that does."""


def check_head(name: str, head: bytes, complete: bool, file_format: str, names: ColumnNames) -> list[str]:
    """Check the file that begins with `head`, and return notes about its columns.

    Raises:
        InputError: the file is not in its format, lacks a column, or has a row that Step Functions would read
            differently; the message names the row.
    """
    kind = kind_of(head)
    if kind is not None:
        raise InputError(f"{name} is {kind.name}; Step Functions reads CSV and JSON Lines that are not compressed")
    if head.startswith(UTF_8_BOM):
        raise InputError(f"{name} begins with a byte order mark, which would become part of a name; save it without")
    lines = read_lines(io.BufferedReader(io.BytesIO(head)), name, encoding_remedy=ENCODING_REMEDY)
    if lines.encoding != "UTF-8":
        raise InputError(f"{name} is {lines.encoding}; Step Functions reads UTF-8: save it as that, without a BOM")
    if is_document(lines):
        raise InputError(f"{name} is one JSON document; {REMEDY}")
    return CHECKS[file_format](name, list(lines) if complete else list(lines)[:-1], complete, names)


def check_csv(name: str, lines: Sequence[Line], complete: bool, names: ColumnNames) -> list[str]:
    """Return which column the text is in, if there are several, after checking each row."""
    first_line = next((line.text for line in lines if line.text.strip()), "")
    if is_like_json(first_line):
        raise InputError(f"{name} has JSON Lines, not CSV; give it a name that ends in .jsonl")
    delimiter = find_delimiter(first_line)
    if delimiter != DELIMITER or named_delimiter(first_line):
        raise InputError(f"{name} separates its fields by {delimiter!r}; the state machine reads commas: convert it")
    header, table = split_header(name, Table(csv_records(iter(lines))))
    if header is AG_NEWS_HEADER:
        raise InputError(f"{name} has no header; add the line {','.join(header)} above its first row")
    columns = file_columns(name, header, names)
    wanted = [index for index in (*columns.texts, columns.description, columns.id) if index is not None]
    cells_by_line = dict(step_functions_records("".join(line.text for line in lines)))
    for cells, line in table.records:
        if line.error and not complete and lines[-1].end - line.end < OPEN_BYTES:
            break
        read = cells_by_line.get(line.number, [])
        problem = row_problem(cells, line, read, header, wanted)
        undecoded = lines[line.number - 1].error is not None
        if problem is not None and (undecoded or not is_escaped(line.text, read, header)):
            raise InputError(f"{name}:{line.number}: {problem}")
    return text_notes([header[index] for index in columns.texts])


def row_problem(
    cells: Sequence[str], line: Line, read: Sequence[str], header: Sequence[str], wanted: Sequence[int]
) -> str | None:
    """Return what Step Functions would lose of a row in the columns wanted, and the remedy; None if nothing.

    `cells` are the row's, `read` are those that Step Functions would read on that line.
    """
    if line.error is not None:
        return str(line.error)
    if line.begins_file or sorted(map(plain_name, cells)) == sorted(map(plain_name, header)):
        return "another file begins here, and its header would be read as a row; leave out the line"
    if any(cell.strip() for cell in cells[len(header) :]):
        surplus = fields_error(cells, len(header), DELIMITER)
        return f"{surplus}; Step Functions would drop the surplus fields"
    ours, theirs = ([row[index].rstrip("\r") if index < len(row) else "" for index in wanted] for row in (cells, read))
    if theirs in (ours, [cell.replace("\\\\", "\\") for cell in ours]) and len(read) == len(cells):
        return None
    return next(remedy for character, remedy in REMEDIES.items() if character in line.text)


def is_escaped(text: str, read: Sequence[str], header: Sequence[str]) -> bool:
    """Return whether a row escapes with backslashes, as Step Functions alone reads them, and is complete."""
    return ('\\"' in text or "\\," in text) and len(read) == len(header) and not any("\n" in cell for cell in read)


def check_json_lines(name: str, lines: Sequence[Line], _: bool, names: ColumnNames) -> list[str]:
    """Return which key the text is under, if there are several, after checking each line."""
    filled = [line for line in lines if line.text.strip()]
    values = [line_value(line) for line in filled]
    for line, value in zip(filled, values, strict=True):
        if isinstance(value, InputError):
            raise InputError(f"{name}:{line.number}: {value}; such a line ends the run")
    notes = check_keys(name, [value for value in values if isinstance(value, dict)], names)
    if values and not isinstance(values[0], InputError):
        problem = read_item(values[0], Settings(), names).error
        if problem is not None:
            raise InputError(f"{name}: the first line cannot be answered: {problem}")
    return notes


CHECKS: dict[str, Callable[[str, Sequence[Line], bool, ColumnNames], list[str]]] = {
    "csv": check_csv,
    "jsonl": check_json_lines,
}
