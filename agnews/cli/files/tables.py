"""Rows of spreadsheet workbooks and Parquet files, by libraries that are an extra."""

import io
from collections.abc import Iterator
from itertools import chain
from typing import Any

from agnews.cli.files.lines import Line
from agnews.cli.files.rows import Table, cell_text
from agnews.cli.files.signatures import PARQUET, WORKBOOK, Kind
from agnews.errors import InputError

BATCH_ROWS = 2_000


def binary_table(name: str, stream: io.BufferedIOBase, kind: Kind) -> Table:
    """Return the rows of a workbook's first sheet, or the names of the columns and the rows of a Parquet file.

    Raises:
        InputError: it cannot be read, or the library for it is not installed.
    """
    seekable = stream if stream.seekable() else io.BytesIO(stream.read())
    notes: list[str] = []
    rows = workbook_rows(name, seekable, notes) if kind is WORKBOOK else parquet_rows(name, seekable)
    texts = ([cell_text(value) for value in row] for row in rows)
    numbered = ((cells, Line(number, "", 0, None)) for number, cells in enumerate(texts, 1))
    return Table((record for record in numbered if any(map(str.strip, record[0]))), notes=notes)


def workbook_rows(name: str, stream: io.BufferedIOBase, notes: list[str]) -> Iterator[list[Any]]:
    """Return the rows of the first sheet; a note says which one that is if there are several."""
    try:
        import python_calamine
    except ImportError as error:
        raise InputError(f"{name} is {WORKBOOK.name}; {WORKBOOK.remedy}") from error
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(stream)
        rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except python_calamine.CalamineError as error:
        raise InputError(f"{name} is {WORKBOOK.name} that cannot be read ({error}); save its sheet as CSV") from error
    if len(workbook.sheet_names) > 1:
        notes.append(f"the first of {len(workbook.sheet_names)} sheets, {workbook.sheet_names[0]!r}, was read")
    return iter(rows)


def parquet_rows(name: str, stream: io.BufferedIOBase) -> Iterator[list[Any]]:
    """Return the names of the columns and the rows, some thousands at a time."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise InputError(f"{name} is {PARQUET.name}; {PARQUET.remedy}") from error
    try:
        file = parquet.ParquetFile(stream)
    except (pyarrow.ArrowException, OSError) as error:
        raise InputError(f"{name} is {PARQUET.name} that cannot be read ({error})") from error
    batches = file.iter_batches(batch_size=BATCH_ROWS)
    return chain([file.schema_arrow.names], (list(row.values()) for batch in batches for row in batch.to_pylist()))
