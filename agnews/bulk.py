"""Any number of rows through the classifier, in chunks, so that memory does not grow with them."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from agnews.answer import answers
from agnews.classifier import Classifier
from agnews.request import Columns, Item, Options, Request, read_item
from agnews.rows import Row, never_idle
from agnews.settings import Settings
from agnews.writers import Outcome

CHUNK_ROWS = 2_000
CHUNK_BYTES = 8 * 1024 * 1024
MESSAGES = 20
"""Rows whose error is told on standard error; the others are counted."""

Advance = Callable[[int, int], None]


@dataclass
class Tally:
    """How far a run came."""

    rows: int = 0
    failed: int = 0
    line: int = 0


def say(message: str) -> None:
    """Returns when `message` stands on standard error."""
    sys.stderr.write(f"agnews: {message}\n")
    sys.stderr.flush()


def progress(shown: bool, total: int | None, unit: str) -> AbstractContextManager[Advance]:
    """A progress bar, or what looks like one to its caller."""
    if not shown:
        return nullcontext(_ignore)
    from agnews.terminal import bar  # rich: 60 ms, and not installed where nobody looks

    return bar(total, unit)


def _ignore(count: int, done: int) -> None: ...


def chunks(rows: Iterable[Row], idle: Callable[[], bool] = never_idle, most: int = CHUNK_ROWS) -> Iterator[list[Row]]:
    """The rows in lists of at most `most` rows and about CHUNK_BYTES bytes, or of those there are when `idle()`."""
    chunk: list[Row] = []
    begun = 0
    for row in rows:
        chunk.append(row)
        if len(chunk) >= most or row.end - begun >= CHUNK_BYTES or idle():
            yield chunk
            chunk, begun = [], row.end
    if chunk:
        yield chunk


def outcomes(
    rows: Sequence[Row], columns: Columns, classifier: Classifier, settings: Settings, options: Options
) -> list[Outcome]:
    """One Outcome per row, in order."""
    items = tuple(_item(row, settings, columns) for row in rows)
    found = answers(Request(items, options), classifier, settings)
    return [Outcome(row, _text(row, item), answer) for row, item, answer in zip(rows, items, found, strict=True)]


def _item(row: Row, settings: Settings, columns: Columns) -> Item:
    return read_item(row.value, settings, columns) if row.error is None else Item(None, row.error)


def _text(row: Row, item: Item) -> str | None:
    return row.value if item.text is None and isinstance(row.value, str) else item.text
