"""Rows to train on, and rows to choose by, from one file with a column of labels and a column of texts.

The labels are the file's own, in alphabetical order; AG News' four stay in AG News' order. One that begins with `out:`
means none of them. CSV, TSV, JSON Lines, workbooks and Parquet files are read, as by `agnews classify`.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from agnews.api.columns import TEXT_KEYS
from agnews.api.placeholders import is_missing
from agnews.cli.evaluation.examples import LABEL_COLUMNS
from agnews.cli.evaluation.labels import OUT_PREFIX
from agnews.cli.files.columns import find_column
from agnews.cli.files.rows import Table, aligned_records, fields_error, split_header
from agnews.cli.files.sources import open_table
from agnews.errors import InputError
from agnews.labels import LABELS, label_problem
from modeling.cleaning import without_html
from modeling.errors import SourceError
from modeling.rows import Row, key

LEAST_ROWS = 50
"""Rows that each label needs."""
MOST_SHOWN = 8
"""Labels that a message names."""
MALFORMED = "unreadable or of another width than the header"
"""Why a row is left out."""


class FileColumns(NamedTuple):
    """How a file is read; None: the usual names of the columns, and the encoding that its first bytes show."""

    label: str | None = None
    text: str | None = None
    encoding: str | None = None


USUAL = FileColumns()


class Labelled(NamedTuple):
    """A label and a text, as they are in the file, without blanks around them."""

    label: str
    text: str


def read(path: Path, columns: FileColumns) -> tuple[tuple[str, ...], list[Row], str]:
    """Return the file's labels, its rows, and a line that says what was read and what was left out.

    Raises:
        SourceError: there are too few rows of a label, or of none; or the labels cannot be those of a checkpoint.
        InputError: the file cannot be read, or lacks one of the columns.
    """
    left_out: Counter[str] = Counter()
    with open_table(path, columns.encoding) as table:
        pairs = list(_pairs(str(path), table, columns, left_out))
    pairs = _each_text_once(pairs, left_out)
    reasons = "".join(f"; {count:,} left out: {reason}" for reason, count in left_out.items())
    counts = Counter(pair.label for pair in pairs if not _is_out(pair.label))
    if not counts:
        raise SourceError(f"{path} has no row with a text and a topic{reasons}")
    labels = _ordered(counts)
    problem = label_problem(labels)
    if problem:
        raise SourceError(f"{path} has labels that no checkpoint cannot have: {problem}{reasons}. Correct them")
    _check_counts(path, counts, reasons)
    number = {label: index for index, label in enumerate(labels)}
    rows = [Row(number.get(pair.label), {"full": pair.text}) for pair in pairs]
    return labels, rows, f"{path}: {len(rows):,} rows, {len(labels)} labels{reasons}"


def write(path: Path, rows: Sequence[Row], labels: Sequence[str]) -> None:
    """Write the rows to a CSV file with the columns `label` and `text`, those without a label as out of scope."""
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["label", "text"])
        for row in rows:
            lines.writerow([f"{OUT_PREFIX}none" if row.label is None else labels[row.label], row.views["full"]])


def _pairs(name: str, table: Table, columns: FileColumns, left_out: Counter[str]) -> Iterator[Labelled]:
    """Yield what the rows hold, and count those that hold no label or no text."""
    header, table = split_header(name, table)
    label = _column(name, header, columns.label, LABEL_COLUMNS, "--label-column")
    text = _column(name, header, columns.text, TEXT_KEYS, "--text-column")
    for cells, line in aligned_records(table.records, header, table.notes):
        if line.error or len(cells) != len(header):
            first = (
                f"{MALFORMED} (line {line.number:,}: {line.error or fields_error(cells, len(header), table.delimiter)})"
            )
            left_out[next((reason for reason in left_out if reason.startswith(MALFORMED)), first)] += 1
            continue
        pair = Labelled(" ".join(cells[label].split()), without_html(cells[text]).strip())
        if not pair.label or is_missing(pair.text) or not key(pair.text):
            left_out["without a label or a text"] += 1
        else:
            yield pair


def _column(name: str, header: Sequence[str], wanted: str | None, usual: Sequence[str], option: str) -> int:
    index = find_column(name, header, wanted, usual, option)
    if index is None:
        shown = ", ".join(repr(column[:40]) for column in header[:20])
        raise InputError(f"{name} has no column {' or '.join(usual)}; name one of {shown} with {option}")
    return index


def _each_text_once(pairs: Sequence[Labelled], left_out: Counter[str]) -> list[Labelled]:
    """Return the first row of each text, and none of those texts that have several labels."""
    by_key: dict[str, list[Labelled]] = defaultdict(list)
    for pair in pairs:
        by_key[key(pair.text)].append(pair)
    kept = []
    for alike in by_key.values():
        if len({pair.label for pair in alike}) > 1:
            left_out["a text with several labels"] += len(alike)
        else:
            kept.append(alike[0])
            left_out["the same text again"] += len(alike) - 1
    left_out += Counter()  # without what was counted as 0
    return kept


def _is_out(label: str) -> bool:
    return label.casefold().startswith(OUT_PREFIX)


def _ordered(labels: Counter[str]) -> tuple[str, ...]:
    return LABELS if set(labels) == set(LABELS) else tuple(sorted(labels, key=lambda label: (label.casefold(), label)))


def _check_counts(path: Path, counts: Counter[str], reasons: str) -> None:
    few = sorted((count, label) for label, count in counts.items() if count < LEAST_ROWS)
    if few:
        shown = ", ".join(f"{label} ({count})" for count, label in few[:MOST_SHOWN])
        more = f" and {len(few) - MOST_SHOWN} more" if len(few) > MOST_SHOWN else ""
        raise SourceError(
            f"{path} has fewer than {LEAST_ROWS} rows of {len(few)} of its {len(counts)} labels: "
            f"{shown}{more}{reasons}. Add rows, merge these labels with others, or begin them with {OUT_PREFIX} to "
            "train on them as none of the topics"
        )
