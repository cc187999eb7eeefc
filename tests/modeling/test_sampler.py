"""What a training shows, step by step."""

import re
from itertools import islice

import pytest

from modeling.data import Data
from modeling.rows import Row, View
from modeling.sampler import Batch, Sampler


def rows(count: int, label: int | None, name: str = "") -> list[Row]:
    return [Row(label, {"title": f"{name or label} {number}"}) for number in range(count)]


def drawn(sampler: Sampler, batches: int) -> list[tuple[str, int | None]]:
    parts = islice(sampler, batches)
    return [pair for part in parts for pair in zip(part.texts, part.labels, strict=True)]


def test_topics_and_data_sets_are_drawn_as_often_as_asked() -> None:
    one = Data("one", [*rows(500, 0), *rows(20, 1), *rows(40, None)], [], [])
    other = Data("other", rows(100, 2), [], [])
    labels = [label for _, label in drawn(Sampler([one, other], 50, 0.2, 7, (3, 1)), 64)]
    shares = {label: labels.count(label) / len(labels) for label in (None, 0, 1, 2)}
    assert shares == {
        None: pytest.approx(0.2, abs=0.03),
        0: pytest.approx(0.3, abs=0.03),
        1: pytest.approx(0.3, abs=0.03),
        2: pytest.approx(0.2, abs=0.03),
    }


def test_every_row_of_a_topic_is_shown_before_one_is_shown_again() -> None:
    batches = islice(Sampler([Data("one", rows(64, 3), [], [])], 4, 0.2, 7), 32)
    texts = [text for batch in batches for text in batch.originals]
    counts = [texts.count(text) for text in set(texts)]
    assert (len(counts), set(counts)) == (64, {2})


def test_the_same_seed_shows_the_same() -> None:
    part = Data("one", [Row(n % 4, {"title": f"title {n}"}) for n in range(400)], [], [])
    first = drawn(Sampler([part], 32, 0.2, 7), 40)
    assert first == drawn(Sampler([part], 32, 0.2, 7), 40)
    assert first != drawn(Sampler([part], 32, 0.2, 8), 40)


@pytest.mark.parametrize("outlet", ["bbc.co.uk", ""])
def test_some_titles_are_shown_with_an_outlet_that_their_original_does_not_have(outlet: str) -> None:
    views: dict[View, str] = {"title": "oil falls", "description": "again", "full": "oil falls again"}
    part = Data("one", [Row(n % 4, views, outlet) for n in range(400)], [], [])
    pairs = [pair for batch in islice(Sampler([part], 32, 0.2, 7), 40) for pair in _shown_and_original(batch)]
    tag = re.compile("( - | [|] | – | — )([A-Z][A-Za-z0-9 ]+?)(?= again|$)")
    tagged = [(shown, original) for shown, original in pairs if shown != original]
    assert all(tag.sub("", shown) == original for shown, original in tagged)
    assert 0.3 < len(tagged) / len(pairs) < 0.45  # of titles, alone or with a description: 0.4
    bbc = sum(" BBC" in shown for shown, _ in tagged) / len(tagged)
    assert (bbc > 0.4) == bool(outlet)


def _shown_and_original(batch: Batch) -> list[tuple[str, str]]:
    return list(zip(batch.texts, batch.originals, strict=True))
