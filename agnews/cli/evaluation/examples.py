"""Labelled examples from CSV files in AG News' own format or with a header."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TypedDict

from agnews.api.request import TEXT_KEYS, checked
from agnews.cli.files.columns import find_column
from agnews.cli.files.lines import Line, csv_records, read_lines
from agnews.errors import InputError
from agnews.labels import LABELS
from agnews.settings import Settings

LABEL_COLUMNS = ("label", "class", "class index", "topic", "category")
LABEL_INDICES = {str(index): index - 1 for index in range(1, len(LABELS) + 1)}
LABEL_INDICES |= {"".join(filter(str.isalnum, label.lower())): index for index, label in enumerate(LABELS)}
"""0 to 3 by what files call a label: a number from 1 to 4, or the topic's letters in lower case."""


@dataclass(frozen=True)
class LabelledExample:
    """A labelled article as it is in the file, without cleaning."""

    label: int
    """0 to 3, in LABELS' order."""
    title: str
    description: str | None
    where: str = ""
    """File and line, for people."""
    group: str | None = None
    """The value of the column that the report is broken down by."""


class EvaluatedFile(TypedDict):
    """One of the files, identified by its content."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Layout:
    """The number of columns of a file, and the indices of those that are used."""

    width: int
    label: int
    title: int
    description: int | None
    group: int | None = None


AG_NEWS = Layout(width=3, label=0, title=1, description=2)


@dataclass(frozen=True)
class LabelColumns:
    """The label and group columns that the user named; None for the usual label column, and for no groups."""

    label: str | None = None
    by: str | None = None


def read_examples(path: Path, columns: LabelColumns, settings: Settings) -> list[LabelledExample]:
    """Return the examples of one CSV file. Raises InputError, with the line number, if one cannot be used."""
    try:
        with path.open("rb") as stream:
            return list(_examples(str(path), csv_records(read_lines(stream)), columns, settings))
    except OSError as error:
        raise InputError(f"cannot read {path} ({error.strerror})") from error


def evaluated_file(path: Path, examples: Sequence[LabelledExample]) -> EvaluatedFile:
    """Return the file's name without its folder, its number of examples and its hash."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"name": path.name, "rows": len(examples), "sha256": digest}


def _examples(
    name: str, records: Iterator[tuple[list[str], Line]], columns: LabelColumns, settings: Settings
) -> Iterator[LabelledExample]:
    first = next(records, None)
    if first is None:
        raise InputError(f"{name} is empty")
    header = first[0]
    if len(header) == AG_NEWS.width and header[0].strip() in {"1", "2", "3", "4"}:
        if columns.by is not None:
            raise InputError(f"{name} has no column {columns.by!r}: it is in AG News' own format, without a header")
        layout, records = AG_NEWS, chain([first], records)
    else:
        layout = find_layout(name, header, columns)
    file_name = Path(name).name
    for cells, line in records:
        try:
            yield replace(read_example(cells, line, layout, settings), where=f"{file_name}:{line.number}")
        except InputError as error:
            raise InputError(f"{name}:{line.number}: {error}") from error


def find_layout(name: str, header: Sequence[str], columns: LabelColumns) -> Layout:
    """Return the layout that the header describes. Raises InputError if it has no label or no text."""
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


def read_example(cells: Sequence[str], line: Line, layout: Layout, settings: Settings) -> LabelledExample:
    """Return one row's example, without its place. Raises InputError if the row cannot be used."""
    if line.error is not None:
        raise line.error
    if len(cells) != layout.width:
        raise InputError(f"the row has {len(cells):,} fields, expected {layout.width:,}")
    label = LABEL_INDICES.get("".join(filter(str.isalnum, cells[layout.label].lower())))
    if label is None:
        raise InputError(f"the label is {cells[layout.label][:40]!r}; expected 1-4 or one of {', '.join(LABELS)}")
    description = None if layout.description is None else cells[layout.description]
    group = None if layout.group is None else cells[layout.group]
    return LabelledExample(label, checked(cells[layout.title], settings), description, group=group)
