"""Labelled examples out of CSV files: AG News' own, or with a header."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypedDict

from agnews.api.request import TEXT_KEYS, checked
from agnews.cli.files.columns import find_column
from agnews.cli.files.rows import Line, read_lines, records
from agnews.errors import InputError
from agnews.labels import LABELS
from agnews.settings import Settings

LABEL_COLUMNS = ("label", "class", "class index", "topic", "category")
INDEX_OF = {str(index): index - 1 for index in range(1, len(LABELS) + 1)}
INDEX_OF |= {"".join(filter(str.isalnum, label.lower())): index for index, label in enumerate(LABELS)}
"""Labels as files write them, letters and digits alone: 1 to 4, or the topics."""


@dataclass(frozen=True)
class Example:
    """A labelled article, as the file has it: no cleaning."""

    label: int
    title: str
    description: str | None
    where: str = ""
    """File and line, for people."""
    group: str | None = None
    """What the column says that the report is to be broken down by."""


class FileRead(TypedDict):
    """One of the files, by its content."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Layout:
    """Where a file's rows hold what is needed."""

    width: int
    label: int
    title: int
    description: int | None
    group: int | None = None


AG_NEWS = Layout(width=3, label=0, title=1, description=2)


@dataclass(frozen=True)
class Columns:
    """The columns that were named on the command line."""

    label: str | None = None
    by: str | None = None


def read_examples(path: Path, columns: Columns, settings: Settings) -> list[Example]:
    """The examples of one CSV file. Raises InputError, naming the line, where one cannot be used."""
    try:
        with path.open("rb") as stream:
            return list(_examples(str(path), records(read_lines(stream)), columns, settings))
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})") from error


def file_read(path: Path, examples: Sequence[Example]) -> FileRead:
    """Which file the examples are from, wherever it lies."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"name": path.name, "rows": len(examples), "sha256": digest}


def _examples(
    name: str, rows: Iterator[tuple[list[str], Line]], columns: Columns, settings: Settings
) -> Iterator[Example]:
    first = next(rows, None)
    if first is None:
        raise InputError(f"{name} is empty")
    if len(first[0]) == AG_NEWS.width and first[0][0].strip() in {"1", "2", "3", "4"}:
        if columns.by is not None:
            raise InputError(f"{name} has no column {columns.by!r}: it is in AG News' own format, without a header")
        layout, rows = AG_NEWS, chain([first], rows)
    else:
        layout = layout_of(name, first[0], columns)
    short = Path(name).name
    for cells, line in rows:
        try:
            found = example(cells, line, layout, settings)
            yield replace(found, where=f"{short}:{line.number}")
        except InputError as error:
            raise InputError(f"{name}:{line.number}: {error}") from error


def layout_of(name: str, header: Sequence[str], columns: Columns) -> Layout:
    """The columns by their names. Raises InputError where the label or the text is missing."""
    label = find_column(name, header, columns.label, LABEL_COLUMNS)
    title = find_column(name, header, None, ("title", *TEXT_KEYS))
    if label is None or title is None:
        missing = f"a text ({', '.join(TEXT_KEYS)})" if title is None else f"a label ({', '.join(LABEL_COLUMNS)})"
        raise InputError(
            f"{name} has no column with {missing}; its first row is {[cell[:40] for cell in header[:20]]}. "
            "Expected a header, or AG News' own three columns: class 1-4, title, description"
        )
    description = find_column(name, header, None, ("description",))
    group = find_column(name, header, columns.by, ()) if columns.by is not None else None
    return Layout(len(header), label, title, description, group)


def example(cells: Sequence[str], line: Line, layout: Layout, settings: Settings) -> Example:
    """One row's example. Raises InputError where it has none."""
    if line.error is not None:
        raise line.error
    if len(cells) != layout.width:
        raise InputError(f"the row has {len(cells):,} fields, expected {layout.width:,}")
    label = INDEX_OF.get("".join(filter(str.isalnum, cells[layout.label].lower())))
    if label is None:
        raise InputError(f"the label is {cells[layout.label][:40]!r}; expected 1-4 or one of {', '.join(LABELS)}")
    description = None if layout.description is None else cells[layout.description]
    group = None if layout.group is None else cells[layout.group]
    return Example(label, checked(cells[layout.title], settings), description, group=group)
