"""The label depends on what a headline says, not on its form."""

import csv
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest

from agnews.labels import LABELS
from agnews.model.classifier import Classifier
from tests.support.requirement import ROOT

MODERN = ROOT / "tests" / "data" / "modern_headlines.csv"
OUTLETS = ROOT.parent / "shared" / "data" / "outlets" / "dev.csv"
"""Headlines of eleven outlets, which are not in the repository."""
SOURCES = (" - Reuters", " | CNN", " – The Guardian", " — BBC News")


def headlines(path: Path) -> list[str]:
    """Return the headlines about a topic."""
    if not path.exists():
        pytest.skip(f"needs {path.name} with other outlets' headlines")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [row.get("headline") or row["title"] for row in rows if row["label"] in LABELS]


def labels(classifier: Classifier, texts: list[str]) -> Iterator[int]:
    for prediction in classifier.classify(texts):
        assert prediction is not None
        yield prediction.scores.index(max(prediction.scores))


@pytest.mark.parametrize("path", [MODERN, OUTLETS], ids=lambda path: path.stem)
def test_a_source_behind_a_headline_changes_at_most_two_labels_in_a_hundred(path: Path, classifier: Classifier) -> None:
    texts = headlines(path)
    tagged = [text + source for text, source in zip(texts, cycle(SOURCES), strict=False)]
    pairs = list(zip(labels(classifier, texts), labels(classifier, tagged), strict=True))
    assert sum(plain != with_source for plain, with_source in pairs) <= len(pairs) / 50


def test_capitals_change_nothing(classifier: Classifier) -> None:
    texts = headlines(MODERN)
    assert classifier.classify([text.upper() for text in texts]) == classifier.classify(texts)
    assert classifier.classify([text.lower() for text in texts]) == classifier.classify(texts)
