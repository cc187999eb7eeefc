"""Labelled articles for training: what a row is, which texts two rows share, and how rows are held out."""

import hashlib
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from agnews.labels import LABELS

View = Literal["title", "full", "description"]
VIEWS: tuple[View, ...] = get_args(View)


@dataclass(frozen=True)
class Row:
    """One article."""

    label: int | None
    """Index into LABELS; None: none of these topics."""
    views: dict[View, str]
    """The texts that survived, cleaned: the title, the description, and both joined (`full`)."""
    outlet: str = ""
    """Who published it, where that is known."""


def key(text: str) -> str:
    """What makes two texts the same for leak checks: letters and digits, lower case."""
    return "".join(character for character in text.lower() if character.isalnum())


def keys(rows: Iterable[Row]) -> set[str]:
    """The keys of all texts of `rows`."""
    return {key(text) for row in rows for text in row.views.values()}


def without(rows: Iterable[Row], taken: set[str]) -> list[Row]:
    """The rows none of whose texts has a key in `taken`."""
    return [row for row in rows if not any(key(text) in taken for text in row.views.values())]


def digest(rows: Sequence[Row]) -> str:
    """The sha256 of the rows' labels and texts, in order."""
    return hashlib.sha256(repr([(row.label, sorted(row.views.items())) for row in rows]).encode()).hexdigest()


def split(rows: Sequence[Row], held_out: int, seed: int) -> tuple[list[Row], list[Row]]:
    """(training, validation): about `held_out` rows, as many of each topic; no text is in both parts.

    Rows with title and description are held out, or full texts where there are none, as in the hub's data set. At most
    a tenth of a topic's rows is held out.
    """
    complete = [row for row in rows if "title" in row.views and "full" in row.views]
    candidates = complete or [row for row in rows if "full" in row.views or "title" in row.views]
    random.Random(seed).shuffle(candidates)
    validation: list[Row] = []
    for label in range(len(LABELS)):
        topic = [row for row in candidates if row.label == label]
        validation += topic[: min(held_out // len(LABELS), len(topic) // 10)]
    return without(rows, keys(validation)), validation
