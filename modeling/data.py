"""Rows to train on and rows to choose a checkpoint by: from one file, from folders of CSV files, or from the hub.

A file has labels of its own (modeling.labelled_file), and a tenth of each label's rows is held out to choose by.
Folders and the hub's data set have AG News' topics.

A folder holds `train*.csv`. If it has `dev.csv`, those are the rows to choose by; otherwise some of the training rows
are held out. No row that shares a text with `dev.csv` or `test.csv` is trained on.

A CSV file has one of two forms. Either a header names the columns `label` and `headline` (or `title`, `text`), and
optionally `description` and `domain`; a label is a topic's name, or begins with `out:` for a text that is about none of
the topics. Or it has AG News' own form, without a header: class 1 to 4, title, description. In that form the third
column may instead say what the second one is: `title`, `full` or `description`.
"""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agnews.api.request import joined
from agnews.cli.evaluation.labels import OUT_PREFIX
from agnews.labels import LABELS
from modeling import labelled_file
from modeling.cleaning import without_html
from modeling.errors import SourceError, packages_missing
from modeling.labelled_file import USUAL, FileColumns
from modeling.rows import VIEWS, Row, View, keys, rows_by_view, split, without

MOST_HELD_OUT = 500
"""Rows of each label to choose by, at most; fewer where that would be more than a tenth."""
LEAST_HELD_OUT = 5
"""Rows of each label of a file to choose by, at least."""
SPLIT_SEED = 20261123

_HUB_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(@\S+)?")
_TOPICS = {label.lower(): index for index, label in enumerate(LABELS)}
_HEADLINES = ("headline", "title", "text")
_CLASSES = frozenset("1234")
"""What the rows of AG News' own form begin with; one of their texts may be `label`."""


@dataclass(frozen=True)
class Data:
    """What one folder or data set holds."""

    name: str
    training: list[Row]
    validation: list[Row]
    notes: list[str]
    """What was read, a line per file."""
    labels: tuple[str, ...] = LABELS
    """What the numbers of rows' labels mean."""
    is_file: bool = False
    """Whether it is one file, with labels of its own."""


def read_all(sources: Sequence[str], columns: FileColumns = USUAL) -> list[Data]:
    """Return what there is to train on and to choose by, of each source, all with the same labels.

    Raises:
        SourceError: as `read` does; two sources have the same name, or other labels; or one has too few rows, or none
            to measure.
    """
    data = [read(source, columns) for source in sources]
    names = [part.name for part in data]
    for part in data:
        if part.labels != data[0].labels:
            raise SourceError(f"{part.name} has other labels than {data[0].name}; train on them one after the other")
        if names.count(part.name) > 1:
            raise SourceError(f"two sources are called {part.name}; give each folder a name of its own")
        _check_enough(part)
    return data


def _check_enough(part: Data) -> None:
    """Raise SourceError if a source has too few rows, or none to measure."""
    training = sum(row.label is not None for row in part.training)
    validation = sum(row.measurable for row in part.validation)
    if not training or not validation:
        raise SourceError(
            f"{part.name} has {training:,} rows with a topic to train on and {validation:,} to choose a checkpoint "
            "by; give at least ten rows of a topic, or a dev.csv as well as train.csv"
        )
    if not rows_by_view(part.validation):
        raise SourceError(
            f"{part.name} names outlets, so only titles are measured, but most of its rows to choose a checkpoint "
            "by have no title; give titles as well"
        )


def read(source: str, columns: FileColumns = USUAL) -> Data:
    """Return the rows of a file or a folder, or else of the hub data set OWNER/NAME[@REVISION].

    Raises:
        SourceError: `source` is none of these, is malformed, or cannot be had; or `columns` are named for no file.
        InputError: the file cannot be read.
    """
    path = Path(source).expanduser()
    if path.is_file():
        return _read_file(path, columns)
    if columns != USUAL:
        raise SourceError(f"columns and an encoding go with a file, and {source!r} is none; check the spelling")
    if path.is_dir():
        return read_folder(path)
    if _HUB_ID.fullmatch(source) and not path.exists():
        return _read_hub(source)
    raise SourceError(
        f"{source!r} is neither a file, a folder nor a hub data set's ID; check the spelling, and give a file, a "
        "folder with train*.csv, or OWNER/NAME, such as fancyzhx/ag_news"
    )


def _read_file(path: Path, columns: FileColumns) -> Data:
    labels, rows, note = labelled_file.read(path, columns)
    training, validation = split(rows, MOST_HELD_OUT, SPLIT_SEED, LEAST_HELD_OUT)
    notes = [note, f"{len(validation):,} rows held out to choose by"]
    return Data(path.name, training, validation, notes, labels, is_file=True)


def _read_hub(source: str) -> Data:
    try:
        from modeling import hub_data  # huggingface_hub and pyarrow: half a second
    except ImportError as error:
        raise SourceError(packages_missing("a hub data set", error)) from error
    rows, note = hub_data.read(source)
    return Data(source, *split(rows, MOST_HELD_OUT, SPLIT_SEED), [note])


def read_folder(folder: Path) -> Data:
    """Return the rows of `folder`. Raises SourceError for a malformed file, or where there is no `train*.csv`."""
    paths = sorted(folder.glob("train*.csv"))
    if not paths:
        raise SourceError(f"no train*.csv in {folder}; docs/training.md says what a folder holds")
    test, dev = (read_csv(path) if (path := folder / name).exists() else [] for name in ("test.csv", "dev.csv"))
    unseen = keys(test) | keys(dev)
    training: list[Row] = []
    notes = []
    for path in paths:
        rows = read_csv(path)
        kept = without(rows, unseen)
        training += kept
        notes.append(f"{path}: {len(rows):,} rows, {len(rows) - len(kept):,} left out as also in test or dev")
    name = folder.resolve().name
    if dev:
        notes.append(f"{folder / 'dev.csv'}: {len(dev):,} rows to choose by")
        return Data(name, training, dev, notes)
    training, validation = split(training, MOST_HELD_OUT, SPLIT_SEED)
    notes.append(f"{folder}: {len(validation):,} rows held out to choose by")
    return Data(name, training, validation, notes)


def read_csv(path: Path) -> list[Row]:
    """Return the rows of one CSV file, in file order. Raises SourceError, naming the line, for a malformed one."""
    rows: list[Row] = []
    parse: Callable[[Sequence[str]], Row] | None = None
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        try:
            for fields in filter(None, reader):  # an empty line has no fields
                if parse is None:
                    parse = _row_parser(fields)
                    if parse is not _ag_news_row:
                        continue
                rows.append(parse(fields))
        except UnicodeDecodeError as error:
            raise SourceError(f"{path} is not UTF-8 ({error.reason}); save it as UTF-8") from error
        except (ValueError, csv.Error) as error:
            raise SourceError(f"{path}:{reader.line_num}: {error}") from error
    return rows


def _row_parser(first: Sequence[str]) -> Callable[[Sequence[str]], Row]:
    """Return the function that reads the rows of a file whose first line is `first`."""
    columns = {name.strip().lower(): index for index, name in enumerate(first)}
    if first[0] in _CLASSES or "label" not in columns:
        return _ag_news_row
    headline = next((columns[name] for name in _HEADLINES if name in columns), None)
    if headline is None:
        raise ValueError(f"no column {', '.join(_HEADLINES)} in the header ({', '.join(columns)})")
    description, domain = columns.get("description"), columns.get("domain")

    def row(fields: Sequence[str]) -> Row:
        if len(fields) != len(first):
            raise ValueError(f"{len(fields)} columns below a header of {len(first)}")
        texts = [without_html(fields[index]) if index is not None else "" for index in (headline, description)]
        return Row(_label(fields[columns["label"]]), _views(*texts), fields[domain] if domain is not None else "")

    return row


def _label(text: str) -> int | None:
    name = text.strip().lower()
    if name.startswith(OUT_PREFIX):
        return None
    if name not in _TOPICS:
        raise ValueError(
            f"label {text!r} is none of {', '.join(LABELS)} and does not begin with {OUT_PREFIX}; "
            "for labels of your own, give the file itself instead of its folder"
        )
    return _TOPICS[name]


def _views(title: str, description: str) -> dict[View, str]:
    if not description.strip():
        return {"title": title}
    return {"title": title, "full": joined(title, description), "description": description}


def _ag_news_row(fields: Sequence[str]) -> Row:
    if len(fields) != 3 or fields[0] not in _CLASSES:
        raise ValueError(
            f"expected a class from 1 to 4 and two texts, or a header with the column label; found {len(fields)} "
            f"columns, the first of them {fields[0][:40]!r}"
        )
    label, first, second = int(fields[0]) - 1, without_html(fields[1]), fields[2]
    for kind in VIEWS:
        if second == kind:
            return Row(label, {kind: first})
    return Row(label, _views(first, without_html(second)))
