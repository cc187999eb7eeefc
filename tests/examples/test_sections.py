"""The file that docs/own-model.md trains on."""

import csv
from collections import Counter

from agnews.labels import label_problem
from tests.support.requirement import ROOT


def _rows() -> list[list[str]]:
    with (ROOT / "examples" / "sections.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def test_the_example_has_thirty_sections_of_at_least_fifty_headlines() -> None:
    header, *rows = _rows()
    sections = Counter(section for section, _ in rows)
    assert header == ["section", "headline"]
    assert len(sections) == 30
    assert min(sections.values()) >= 50
    assert label_problem(list(sections)) is None


def test_no_headline_of_the_example_is_there_twice() -> None:
    headlines = [" ".join(headline.lower().split()) for _, headline in _rows()[1:]]
    assert len(set(headlines)) == len(headlines)
    assert all(headlines)
