"""Labelled examples from CSV files in AG News' own format, and from any file with columns or keys."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

from agnews.api.columns import TEXT_KEYS, ColumnNames, find_columns
from agnews.api.placeholders import is_missing
from agnews.api.request import checked
from agnews.cli.evaluation.labels import Named, Topics, are_numbered, first_number, numeric_labels, topic_index
from agnews.cli.files.columns import check_names, find_column, text_notes
from agnews.cli.files.lines import Line
from agnews.cli.files.rows import Table, aligned_records, fields_error, split_header
from agnews.cli.files.sources import open_table
from agnews.errors import InputError
from agnews.labels import LABELS, listed
from agnews.settings import Settings

LABEL_COLUMNS = ("label", "class", "class index", "topic", "category")
MAX_UNKNOWN_LABELS = 20
"""How many unknown labels an error names, the most frequent first."""


@dataclass(frozen=True)
class LabelledExample:
    """A labelled article as it is in the file, without cleaning."""

    label: int | None
    """The topic's index among the checkpoint's labels; None: out of scope."""
    title: str
    description: str | None
    where: str = ""
    """File and line, for people."""
    group: str | None = None
    """The value of the column that the report is broken down by."""
    label_text: str = ""
    """The label as it is in the file."""


@dataclass(frozen=True)
class LabelledFile:
    """The examples of one file."""

    examples: Sequence[LabelledExample]
    label_numbers: str | None
    """The first and last of the topics' numbers, such as `1-4`; None if the file names the topics."""
    left_out: int = 0
    """Rows that could not be used."""
    notes: Sequence[str] = ()
    """How the file was read."""


class EvaluatedFile(TypedDict):
    """One of the files, identified by its content."""

    name: str
    rows: int
    left_out: int
    sha256: str
    label_numbers: str | None


@dataclass(frozen=True)
class Layout:
    """The number of columns of a file, and the indices of those that are used."""

    width: int
    label: int
    texts: tuple[int, ...]
    """In the order in which they are tried."""
    description: int | None
    group: int | None = None


@dataclass(frozen=True)
class LabelColumns:
    """The label and group columns that the user named, and what labels mean."""

    label: str | None = None
    """None: the usual label column."""
    by: str | None = None
    """None: no groups."""
    named: Named = field(default_factory=dict)
    """The labels that the user named, as `named_labels` returns them."""
    text: str | None = None
    """None: the usual text column."""
    encoding: str | None = None
    """None: UTF-8, UTF-16 or UTF-32."""
    topics: Topics = LABELS
    """The labels of the checkpoint that is evaluated."""


@dataclass(frozen=True)
class Rows:
    """The rows of one file that can be used."""

    labelled: Sequence[tuple[str, LabelledExample]]
    """Each with its label as it is in the file; the examples are still without theirs."""
    left_out: int
    notes: Sequence[str]


def read_files(paths: Sequence[Path], columns: LabelColumns, settings: Settings) -> dict[Path, LabelledFile]:
    """Return the examples of files that number the topics alike.

    Raises:
        InputError: a file has no rows that can be used, or labels whose meaning is unknown or unclear.
    """
    files = {path: _read_rows(path, columns, settings) for path in paths}
    numbers = {
        path: numeric_labels((label for label, _ in rows.labelled), columns.named, columns.topics)
        for path, rows in files.items()
    }
    first = first_number(set().union(*numbers.values()), columns.topics)
    numbering = f"{first}-{first + len(columns.topics) - 1}"
    labelled = {path: with_labels(str(path), rows, columns, first) for path, rows in files.items()}
    return {
        path: LabelledFile(labelled[path], numbering if numbers[path] else None, rows.left_out, rows.notes)
        for path, rows in files.items()
    }


def read_examples(path: Path, columns: LabelColumns, settings: Settings) -> LabelledFile:
    """Return the examples of one file. Raises InputError as `read_files` does."""
    return read_files([path], columns, settings)[path]


def _read_rows(path: Path, columns: LabelColumns, settings: Settings) -> Rows:
    errors: list[str] = []
    with open_table(path, columns.encoding) as table:
        rows = list(_rows(str(path), table, columns, settings, errors))
    if not rows:
        raise InputError(errors[0] if errors else f"{path} has no rows below its header")
    left_out = [f"{len(errors):,} rows left out, the first is {errors[0]}"] if errors else []
    return Rows(rows, len(errors), [*table.notes, *left_out])


def evaluated_file(path: Path, file: LabelledFile) -> EvaluatedFile:
    """Return the file's name without its folder, its number of examples, its hash and how it numbers the topics."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "name": path.name,
        "rows": len(file.examples),
        "left_out": file.left_out,
        "sha256": digest,
        "label_numbers": file.label_numbers,
    }


def with_labels(name: str, rows: Rows, columns: LabelColumns, first: int) -> list[LabelledExample]:
    """Return the examples with what the labels beside them mean; `first` is the first topic's number.

    Raises:
        InputError: some labels are unknown; the message has all of them.
    """
    examples: list[LabelledExample] = []
    unknown: dict[str, list[str]] = defaultdict(list)
    for label, example in rows.labelled:
        try:
            topic = topic_index(label, columns.topics, columns.named, first)
            examples.append(replace(example, label=topic, label_text=label.strip()))
        except KeyError:
            unknown[label.strip()].append(example.where)
    if unknown:
        raise _unknown_labels(name, unknown, columns.topics)
    return examples


def _unknown_labels(name: str, places: Mapping[str, Sequence[str]], topics: Topics) -> InputError:
    by_count = sorted(places.items(), key=lambda item: -len(item[1]))
    shown = [
        f"{label[:40]!r} ({len(rows):,} {'row' if len(rows) == 1 else 'rows'}, first at {rows[0]})"
        for label, rows in by_count[:MAX_UNKNOWN_LABELS]
    ]
    rest = len(by_count) - len(shown)
    more = f" and {rest:,} more" if rest else ""
    numbers = f"1-{len(topics)}, 0-{len(topics) - 1}, " if are_numbered(topics) else ""
    return InputError(
        f"{name} has unknown labels: {', '.join(shown)}{more}. Expected {listed(topics)}, {numbers}or out:…; "
        "--labels and --out-of-scope say what others mean"
    )


def _rows(
    name: str, table: Table, columns: LabelColumns, settings: Settings, errors: list[str]
) -> Iterator[tuple[str, LabelledExample]]:
    """Yield each row's label as it is in the file, and the example; add the errors of other rows to `errors`."""
    header, table = split_header(name, table)
    layout = find_layout(name, header, columns)
    table.notes.extend(text_notes([header[index] for index in layout.texts]))
    file_name = Path(name).name
    for cells, line in aligned_records(table.records, header, table.notes):
        try:
            example = read_example(cells, line, layout, settings, table.delimiter)
        except InputError as error:
            errors.append(f"{name}:{line.number}: {error}")
        else:
            yield cells[layout.label], replace(example, where=f"{file_name}:{line.number}")


def find_layout(name: str, header: Sequence[str], columns: LabelColumns) -> Layout:
    """Return the layout that the header describes. Raises InputError if it has no label or no text."""
    label = find_column(name, header, columns.label, LABEL_COLUMNS, "--label-column")
    names = ColumnNames(columns.text)
    check_names(name, header, names)
    usual = find_columns(name, header, names)
    if label is None or not usual.texts:
        kind, usual_names, option = (
            ("label", LABEL_COLUMNS, "--label-column") if usual.texts else ("text", TEXT_KEYS, "--column")
        )
        raise InputError(
            f"{name} has no column with a {kind} ({', '.join(usual_names)}); its first row is "
            f"{[cell[:40] for cell in header[:20]]}. Name the column with {option}. "
            "Without a header, AG News' own three columns are read: class 1-4, title, description"
        )
    group = find_column(name, header, columns.by, (), "--by") if columns.by is not None else None
    return Layout(len(header), label, usual.texts, usual.description, group)


def read_example(
    cells: Sequence[str], line: Line, layout: Layout, settings: Settings, delimiter: str = ","
) -> LabelledExample:
    """Return one row's example, without its label and place. Raises InputError if the row cannot be used."""
    if line.error is not None:
        raise line.error
    if len(cells) != layout.width:
        raise fields_error(cells, layout.width, delimiter)
    description = None if layout.description is None else cells[layout.description]
    if description is not None and is_missing(description):
        description = ""
    group = None if layout.group is None else cells[layout.group]
    texts = [cells[index] for index in layout.texts]
    title = next((text for text in texts if not is_missing(text)), texts[0])
    checked(title, settings)
    return LabelledExample(None, title, description, group=group)
