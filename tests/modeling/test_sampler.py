"""What a training shows, step by step."""

from itertools import islice

import pytest

from modeling.data import Data
from modeling.rows import Row
from modeling.sampler import Sampler


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
    texts = [text for text, _ in drawn(Sampler([Data("one", rows(64, 3), [], [])], 4, 0.2, 7), 32)]
    counts = [texts.count(text) for text in set(texts)]
    assert (len(counts), set(counts)) == (64, {2})


def test_the_same_seed_shows_the_same_and_an_outlet_s_name_behind_some_titles() -> None:
    part = Data("one", [Row(n % 4, {"title": f"title {n}"}, "bbc.co.uk") for n in range(400)], [], [])
    first = drawn(Sampler([part], 32, 0.2, 7), 40)
    assert first == drawn(Sampler([part], 32, 0.2, 7), 40)
    assert first != drawn(Sampler([part], 32, 0.2, 8), 40)
    tagged = [text for text, _ in first if text.endswith("BBC")]
    assert 0.05 < len(tagged) / len(first) < 0.2
