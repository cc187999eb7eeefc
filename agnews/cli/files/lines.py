"""Lines and CSV records of a byte stream, each with its line number and, if it cannot be used, its error."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from agnews.errors import InputError, LimitError

MAX_LINE_BYTES = 4 * 1024 * 1024
"""100,000 characters are 1.2 MB when JSON escapes every one of them; a longer line is not a headline."""
MAX_FIELD_CHARS = 1024 * 1024
"""Limit of one CSV field, and so how much text is read after a quote that is never closed."""
UTF_8_BOM = b"\xef\xbb\xbf"
UTF_16_BOMS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True)
class Line:
    """One line of text."""

    number: int
    """From 1."""
    text: str
    """Decoded, with its line end; with replacement characters where it is not UTF-8, and empty if it is too long."""
    end: int
    """Bytes of the stream up to the end of the line."""
    error: InputError | None
    """Why the line cannot be used."""


class LineReader(Protocol):
    """A byte stream, such as a binary file or a PipeReader."""

    def readline(self, size: int, /) -> bytes: ...


def read_lines(stream: LineReader) -> Iterator[Line]:
    """Yield the lines of a UTF-8 stream, with or without a BOM. Raises InputError for UTF-16."""
    end = number = 0
    while raw := stream.readline(MAX_LINE_BYTES):
        number += 1
        end += len(raw)
        if number == 1 and raw.startswith(UTF_16_BOMS):
            raise InputError("the input is UTF-16; save it as UTF-8")
        if len(raw) >= MAX_LINE_BYTES and not raw.endswith(b"\n"):
            end += _skip_line(stream)
            yield Line(number, "", end, LimitError(f"the line is longer than {MAX_LINE_BYTES:,} bytes"))
        else:
            yield _decoded(raw.removeprefix(UTF_8_BOM) if number == 1 else raw, number, end)


def _skip_line(stream: LineReader) -> int:
    """Read to the end of the line; return how many bytes that was."""
    skipped = 0
    while part := stream.readline(MAX_LINE_BYTES):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


def _decoded(raw: bytes, number: int, end: int) -> Line:
    error = None
    if b"\0" in raw:
        error = InputError("the line contains a NUL byte; save the file as UTF-8 text")
    else:
        try:
            return Line(number, raw.decode(), end, None)
        except UnicodeDecodeError as problem:
            error = InputError(f"the line is not UTF-8 (byte {problem.start + 1} of it); save the file as UTF-8")
    return Line(number, raw.decode(errors="replace"), end, error)


def csv_records(lines: Iterator[Line], delimiter: str = ",") -> Iterator[tuple[list[str], Line]]:
    """Yield the cells of each CSV record with the line it begins on, whose `error` and `end` are the record's.

    If a record cannot be parsed, its first line is yielded as its only cell and parsing continues on the next line:
    a stray quote costs one row, not the file.
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
            cells, error = [consumed[0].text.rstrip("\r\n")], InputError(f"the row is not valid CSV ({problem})")
        if cells is None:
            return
        if cells or error:
            yield cells, Line(consumed[0].number, consumed[0].text, consumed[-1].end, error)


def _texts(pending: deque[Line], lines: Iterator[Line], consumed: list[Line]) -> Iterator[str]:
    """Yield the text of the pending lines and then of `lines`, moving each line to `consumed`."""
    while line := pending.popleft() if pending else next(lines, None):
        consumed.append(line)
        yield line.text
