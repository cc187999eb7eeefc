"""What each step of a training shows: texts, their labels and their form."""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agnews.api.request import joined
from modeling.cleaning import without_agency
from modeling.data import Data
from modeling.rows import Row, View

POOL = 32
"""So many batches are drawn together and sorted by length, so that little is padding."""
VIEW_WEIGHTS: dict[View, float] = {"title": 0.5, "full": 0.4, "description": 0.1}
"""How often each view of a row that has all three is shown."""
WITHOUT_AGENCY = 0.2
"""The share of texts shown without agencies and datelines."""
WITH_OUTLET = 0.4
"""The share of titles shown with a random outlet's name behind them, so that names come to mean nothing."""
SEPARATORS = (" - ", " | ", " – ", " — ")
"""Between a title and the outlet's name."""
KNOWN_OUTLETS = (
    *("ABC News", "AFP", "Al Jazeera", "AP", "AP News", "Associated Press", "Axios", "BBC", "BBC News", "BBC Sport"),
    *("Bloomberg", "Business Insider", "CBC", "CBS News", "CNBC", "CNN", "Daily Mail", "DW", "ESPN", "Financial Times"),
    *("Forbes", "Fortune", "Fox News", "France 24", "MarketWatch", "NBC News", "NPR", "Politico", "Reuters"),
    *("Sky News", "Sky Sports", "TechCrunch", "The Associated Press", "The Economist", "The Guardian", "The Hill"),
    *("The Independent", "The New York Times", "The Times", "The Verge", "The Wall Street Journal"),
    *("The Washington Post", "Time", "USA TODAY", "Wired", "Yahoo Finance", "Yahoo News", "Yahoo Sports"),
)
"""As they sign their headlines. Half of the names shown are drawn from these, the others from the data."""

SourcedRow = tuple[Row, int]
"""A row and the position of its data set."""


class Example(NamedTuple):
    """One text of a batch."""

    text: str
    original: str
    label: int | None
    source: int


_DOMAIN = re.compile(r"\.(com|co|org|net|in|au|uk|gov|edu|tv|io)\b.*$")


@dataclass(frozen=True)
class Batch:
    """The texts of one step."""

    texts: list[str]
    """As they are shown to the classifier."""
    originals: list[str]
    """As they are in the data, for a teacher: with agencies and without an added outlet."""
    labels: list[int | None]
    """None: about none of the topics."""
    sources: list[int]
    """The position of each text's data set among those of the training."""


class Sampler:
    """An endless sequence of batches, the same for the same data and seed.

    A share of the texts, `out_of_scope`, is about none of the topics, if there are such rows. The others come from each
    data set as often as `weights` says, and within a data set from each topic equally often. No row comes again before
    all others of its topic.
    """

    def __init__(
        self, data: Sequence[Data], batch: int, out_of_scope: float, seed: int, weights: Sequence[float] | None = None
    ) -> None:
        self._chance = random.Random(seed)
        self._batch = batch
        self._topics = [
            [self._shuffled(rows) for rows in _rows_by_topic(part, index)] for index, part in enumerate(data)
        ]
        outside = [(row, index) for index, part in enumerate(data) for row in part.training if row.label is None]
        self._outside = self._shuffled(outside) if outside else None
        self._share = out_of_scope if outside else 0.0
        self._weights = weights or [1.0] * len(data)
        names = {_outlet_name(row.outlet) for part in data for row in part.training if row.outlet}
        self._outlets = sorted(names) or KNOWN_OUTLETS

    def _shuffled(self, rows: Sequence[SourcedRow]) -> Iterator[SourcedRow]:
        while True:
            yield from self._chance.sample(rows, len(rows))

    def __iter__(self) -> Iterator[Batch]:
        """Yield batches without end."""
        chance = self._chance
        while True:
            drawn = [self._draw() for _ in range(POOL * self._batch)]
            drawn.sort(key=lambda example: len(example.text) + 16 * chance.random())
            groups = [drawn[start : start + self._batch] for start in range(0, len(drawn), self._batch)]
            chance.shuffle(groups)
            for group in groups:
                texts, originals, labels, sources = zip(*group, strict=True)
                yield Batch(list(texts), list(originals), list(labels), list(sources))

    def _draw(self) -> Example:
        chance = self._chance
        if self._outside and chance.random() < self._share:
            row, source = next(self._outside)
        else:
            row, source = next(chance.choice(chance.choices(self._topics, self._weights)[0]))
        view = chance.choices(list(row.views), [VIEW_WEIGHTS[name] for name in row.views])[0]
        return Example(self._shown(row, view), row.views[view], row.label, source)

    def _shown(self, row: Row, view: View) -> str:
        """Return the view, now and then with another outlet behind its title or without an agency."""
        chance = self._chance
        title = row.views.get("title")
        if title and view != "description" and chance.random() < WITH_OUTLET:
            outlet = chance.choice(KNOWN_OUTLETS if chance.random() < 0.5 else self._outlets)
            title += chance.choice(SEPARATORS) + outlet
            return title if view == "title" else joined(title, row.views["description"])
        text = row.views[view]
        return without_agency(text) if chance.random() < WITHOUT_AGENCY else text


def _rows_by_topic(data: Data, source: int) -> list[list[SourcedRow]]:
    """Return the training rows of each topic that has any."""
    topics = sorted({row.label for row in data.training if row.label is not None})
    return [[(row, source) for row in data.training if row.label == topic] for topic in topics]


def _outlet_name(domain: str) -> str:
    """Return `domain` as an outlet writes its name: BBC for `bbc.co.uk`, Foxnews for `foxnews.com`."""
    name = _DOMAIN.sub("", domain.removeprefix("www.")).replace("-", " ")
    return name.upper() if len(name) < 5 else name.title()
