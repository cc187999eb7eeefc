"""The label depends on what a headline says, not on its form."""

import csv
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from agnews.api.normalise import normalise
from agnews.labels import LABELS
from agnews.model.classifier import Classifier
from tests.support.requirement import ROOT

MODERN = ROOT / "tests" / "data" / "modern_headlines.csv"
OUTLETS = ROOT.parent / "shared" / "data" / "outlets" / "dev.csv"
"""Headlines of eleven outlets, which are not in the repository."""
LISTED = (
    " - Reuters",
    " | CNN",
    " – The Guardian",
    " — BBC News",
    " - THE NEW YORK TIMES",
    " | nbc news",
    " - ndtv.com",
)
OTHERS = (" - Yicai Global", " | KTLA", " – Business Day", " — The Spectator", " - Denver7", " | Tampa Bay 10")
"""Outlets that agnews.api.outlets does not know."""


def headlines(path: Path) -> list[str]:
    """Return headlines about a topic: all of them, or a thousand spread over a larger file."""
    if not path.exists():
        pytest.skip(f"needs {path.name} with other outlets' headlines")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["label"] in LABELS]
    return [row.get("headline") or row["title"] for row in rows[:: 1 + len(rows) // 1000]]


def labels(classifier: Classifier, texts: list[str]) -> Iterator[int]:
    for prediction in classifier.classify(list(map(normalise, texts))):
        assert prediction is not None
        yield prediction.scores.index(max(prediction.scores))


@pytest.mark.parametrize(("sources", "changed"), [(LISTED, 0), (OTHERS, 0.025)], ids=["listed", "others"])
@pytest.mark.parametrize("path", [MODERN, OUTLETS], ids=lambda path: path.stem)
def test_a_source_behind_a_headline_changes_no_label_or_hardly_any(
    path: Path, sources: tuple[str, ...], changed: float, classifier: Classifier
) -> None:
    texts = headlines(path)
    tagged = [text + source for text, source in zip(texts, cycle(sources), strict=False)]
    pairs = zip(labels(classifier, texts), labels(classifier, tagged), strict=True)
    assert sum(plain != with_source for plain, with_source in pairs) <= changed * len(texts)


def test_capitals_change_nothing(classifier: Classifier) -> None:
    texts = headlines(MODERN)
    assert classifier.classify([text.upper() for text in texts]) == classifier.classify(texts)
    assert classifier.classify([text.lower() for text in texts]) == classifier.classify(texts)
