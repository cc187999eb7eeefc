"""Any number of rows through the classifier, in chunks, so that memory does not grow with them."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from agnews.api.answer import answers
from agnews.api.request import Columns, Item, Options, Request, read_item
from agnews.cli.files.rows import Row, never_idle
from agnews.cli.files.writers import Outcome
from agnews.model.classifier import Classifier
from agnews.settings import Settings

CHUNK_ROWS = 2_000
CHUNK_BYTES = 8 * 1024 * 1024


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
