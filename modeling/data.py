"""Rows to train on and rows to choose by, from folders of CSV files or from the hub.

A folder holds `train*.csv`; `dev.csv`, if present, has the rows to choose by (else some of the training rows are held
out), and no row that shares a text with `dev.csv` or `test.csv` is trained on. A CSV file has either a header that
names the columns `label` and `headline` (or `title`, `text`), and perhaps `description` and `domain`; or AG News' own
form without a header: class 1 to 4, title, description, or class, text, kind. A label is a topic's name, or `out:` and
anything for a text that is about none of the topics.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agnews.api.request import joined
from agnews.labels import LABELS
from modeling.cleaning import without_html
from modeling.errors import SourceError
from modeling.rows import VIEWS, Row, View, keys, split, without

HELD_OUT = 2000
SPLIT_SEED = 20261123
OUT_OF_SCOPE = "out:"
"""A label that begins so is of none of the topics."""

_HUB_SOURCE = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(@\S+)?")
_TOPICS = {label.lower(): index for index, label in enumerate(LABELS)}
_HEADLINES = ("headline", "title", "text")


@dataclass(frozen=True)
class Data:
    """What one folder or data set holds."""

    name: str
    training: list[Row]
    validation: list[Row]
    notes: list[str]
    """What was read, a line per file."""


def read(source: str) -> Data:
    """The rows of a folder, or else of the hub data set OWNER/NAME[@REVISION].

    Raises:
        SourceError: `source` is neither, or the hub's data set cannot be had or used.
        FileNotFoundError: the folder holds no `train*.csv`.
        ValueError: one of its files is malformed.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        data = read_folder(folder)
    elif _HUB_SOURCE.fullmatch(source):
        data = _read_hub(source)
    else:
        raise SourceError(
            f"{source!r} is neither a folder nor a hub data set's id; check the spelling, and give a folder with "
            "train*.csv, or OWNER/NAME, such as fancyzhx/ag_news"
        )
    return data


def read_all_or_exit(sources: Sequence[str]) -> list[Data]:
    """What `read` returns of each; an error ends the program in one line. For command lines."""
    try:
        return [read(source) for source in sources]
    except (SourceError, OSError, ValueError) as error:
        raise SystemExit(f"error: {error}") from error


def _read_hub(source: str) -> Data:
    try:
        from modeling import hub_data  # huggingface_hub and pyarrow: half a second
    except ImportError as error:
        raise SourceError(f"a hub data set needs the training packages: pip install -e '.[train]' ({error})") from error
    rows, note = hub_data.read(source)
    return Data(source, *split(rows, HELD_OUT, SPLIT_SEED), [note])


def read_folder(folder: Path) -> Data:
    """The rows of `folder`. Raises FileNotFoundError where there is no `train*.csv`, ValueError for a malformed one."""
    paths = sorted(folder.glob("train*.csv"))
    if not paths:
        raise FileNotFoundError(f"no train*.csv in {folder}; python -m modeling.train --help says what they hold")
    test, dev = ([*read_csv(path)] if (path := folder / name).exists() else [] for name in ("test.csv", "dev.csv"))
    unseen = keys(test) | keys(dev)
    rows: list[Row] = []
    notes = []
    for path in paths:
        read_rows = read_csv(path)
        kept = without(read_rows, unseen)
        rows += kept
        notes.append(f"{path}: {len(read_rows):,} rows, {len(read_rows) - len(kept):,} left out as also in test or dev")
    if dev:
        notes.append(f"{folder / 'dev.csv'}: {len(dev):,} rows to choose by")
        return Data(folder.name, rows, dev, notes)
    training, validation = split(rows, HELD_OUT, SPLIT_SEED)
    notes.append(f"{folder}: {len(validation):,} rows held out to choose by")
    return Data(folder.name, training, validation, notes)


def read_csv(path: Path) -> list[Row]:
    """The rows of one CSV file, in file order. Raises ValueError, naming the line, for a malformed one."""
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        rows: list[Row] = []
        parse: Callable[[Sequence[str]], Row] | None = None
        for fields in reader:
            try:
                if parse is None:
                    columns = {name.strip().lower(): index for index, name in enumerate(fields)}
                    parse = _parser(columns)
                    if "label" in columns:
                        continue
                rows.append(parse(fields))
            except ValueError as error:
                raise ValueError(f"{path}:{reader.line_num}: {error}") from error
        return rows


def _parser(columns: Mapping[str, int]) -> Callable[[Sequence[str]], Row]:
    """What reads the rows below these columns of a file's first line."""
    if "label" not in columns:
        return _ag_news_row
    headline = next((columns[name] for name in _HEADLINES if name in columns), None)
    if headline is None:
        raise ValueError(f"no column {', '.join(_HEADLINES)} in the header ({', '.join(columns)})")
    description, domain = columns.get("description"), columns.get("domain")

    def row(fields: Sequence[str]) -> Row:
        if len(fields) != len(columns):
            raise ValueError(f"{len(fields)} columns below a header of {len(columns)}")
        texts = [without_html(fields[index]) if index is not None else "" for index in (headline, description)]
        return Row(_label(fields[columns["label"]]), _views(*texts), fields[domain] if domain is not None else "")

    return row


def _label(name: str) -> int | None:
    if name.startswith(OUT_OF_SCOPE):
        return None
    if name.strip().lower() not in _TOPICS:
        raise ValueError(f"label {name!r} is none of {', '.join(LABELS)} and does not begin with {OUT_OF_SCOPE}")
    return _TOPICS[name.strip().lower()]


def _views(title: str, description: str) -> dict[View, str]:
    if not description.strip():
        return {"title": title}
    return {"title": title, "full": joined(title, description), "description": description}


def _ag_news_row(fields: Sequence[str]) -> Row:
    if len(fields) != 3 or fields[0] not in {"1", "2", "3", "4"}:
        raise ValueError(
            f"expected class 1-4 and two texts, or a header with label, not {len(fields)} columns: {fields[:1]}"
        )
    label, first, second = int(fields[0]) - 1, without_html(fields[1]), fields[2]
    for kind in VIEWS:
        if second == kind:
            return Row(label, {kind: first})
    return Row(label, _views(first, without_html(second)))
