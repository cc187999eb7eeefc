"""Labelled articles for training: what a row is, which texts two rows share, and how rows are held out."""

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

View = Literal["title", "full", "description"]
VIEWS: tuple[View, ...] = get_args(View)


HELD_OUT = frozenset((Path(__file__).parent / "held_out.txt").read_text(encoding="ascii").split())
"""Fingerprints of 2,000 rows of AG News that no checkpoint in model_cache/ was ever trained on.

A training that starts from that checkpoint can so be measured on rows that its start has not seen.
"""


@dataclass(frozen=True)
class Row:
    """One article."""

    label: int | None
    """Index into the labels of the data; None: none of these topics."""
    views: dict[View, str]
    """The texts that survived, cleaned: the title, the description, and both joined (`full`)."""
    outlet: str = ""
    """Who published it, where that is known."""

    @property
    def measurable(self) -> bool:
        """Whether accuracy can be measured on it: it has a topic, and a title or a full text."""
        return self.label is not None and ("title" in self.views or "full" in self.views)


def key(text: str) -> str:
    """Return what makes two texts the same for leak checks: letters and digits, lower case."""
    return "".join(character for character in text.lower() if character.isalnum())


def keys(rows: Iterable[Row]) -> set[str]:
    """Return the keys of all texts of `rows`."""
    return {key(text) for row in rows for text in row.views.values()}


def without(rows: Iterable[Row], taken: set[str]) -> list[Row]:
    """Return the rows none of whose texts has a key in `taken`."""
    return [row for row in rows if not any(key(text) in taken for text in row.views.values())]


def digest(rows: Sequence[Row]) -> str:
    """Return the sha256 of the rows' labels, texts and outlets, in order."""
    content = [(row.label, sorted(row.views.items()), row.outlet) for row in rows]
    return hashlib.sha256(repr(content).encode()).hexdigest()


def fingerprint(row: Row) -> str:
    """Return what stands for the row in HELD_OUT: 12 hexadecimal digits of a sha256 of its longest text's key."""
    longest = max(row.views.values(), key=len)
    return hashlib.sha256(key(longest).encode()).hexdigest()[:12]


def rows_by_view(rows: Sequence[Row]) -> dict[View, list[Row]]:
    """Return the rows with a topic that have a title, and those that have a full text.

    Full texts are left out where any row has an outlet. A view that fewer than half of the rows have is left out
    too: a handful of rows would count as much as all titles.
    Nothing is returned where there is nothing to measure; `modeling.data.read_all` refuses such rows.
    """
    with_topic = [row for row in rows if row.measurable]
    views: tuple[View, ...] = ("title",) if any(row.outlet for row in with_topic) else ("title", "full")
    by_view = {view: [row for row in with_topic if view in row.views] for view in views}
    return {view: part for view, part in by_view.items() if part and 2 * len(part) >= len(with_topic)}


def split(rows: Sequence[Row], most: int, seed: int, least: int = 0) -> tuple[list[Row], list[Row]]:
    """Return (training, validation): a tenth of each topic's rows is held out; no text is in both parts.

    Of a topic, `least` to `most` rows are held out: those in HELD_OUT first, then rows with both title and full text.
    With a `least`, a tenth of the rows about none of the topics is held out, too, at most `most`.
    """
    complete = [row for row in rows if "title" in row.views and "full" in row.views]
    partial = [row for row in rows if ("title" in row.views) != ("full" in row.views)]
    chance = random.Random(seed)
    for part in (complete, partial):
        chance.shuffle(part)
        part.sort(key=lambda row: fingerprint(row) not in HELD_OUT)
    validation: list[Row] = []
    for label in sorted({row.label for row in rows if row.label is not None}):
        topic = [row for row in complete + partial if row.label == label]
        validation += topic[: max(least, min(most, len(topic) // 10))]
    if least:
        outside = [row for row in complete + partial if row.label is None]
        validation += outside[: min(most, len(outside) // 10)]
    return without(rows, keys(validation)), validation
