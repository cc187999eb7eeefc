"""The temperature, and what choosing is done by."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.requirement import require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers")

from modeling.calibrate import Measured, figures, log_loss, temperature
from modeling.rows import Row, View, rows_by_view
from modeling.validation import Figures, loss_of, mean_by, out_of_scope_texts, rows_to_choose_by


def calibrated(count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits, and labels drawn with their scores as probabilities."""
    chance = np.random.default_rng(0)
    logits = chance.normal(size=(count, 4)).astype(np.float32) * 2
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return logits, np.array([chance.choice(4, p=row / row.sum()) for row in shares.astype(float)])


def test_the_temperature_of_overconfident_logits_is_found() -> None:
    logits, labels = calibrated(4000)
    part = Measured("title", [], logits * 3, labels)
    fitted = temperature([part])
    assert fitted == pytest.approx(3, rel=0.05)
    assert log_loss(logits * 3 / np.float32(fitted), labels) < log_loss(logits * 3, labels)
    assert figures([part], fitted)["title"]["ece"] < 0.015 < figures([part], 1.0)["title"]["ece"]


def test_texts_without_a_topic_make_scores_lower() -> None:
    logits, labels = calibrated(1000)
    inside = Measured("title", [], logits, labels)
    outside = Measured(None, [], logits, np.full(1000, -1))
    assert temperature([inside, outside]) > 1.1 * temperature([inside])
    assert temperature([inside, outside, outside]) == temperature([inside, outside])
    assert figures([inside, outside], 1.0)["out_of_scope"]["auroc"] == pytest.approx(0.5)


def test_outlets_count_alike_whatever_their_number_of_rows() -> None:
    assert mean_by(["a", "a", "a", "b"], [1, 1, 1, 0]) == 0.5
    assert loss_of([Figures({}, {"title": 0.3, "full": 0.1}, None), Figures({}, {"title": 0.5}, 0.9)]) == pytest.approx(
        0.4
    )


def test_a_view_is_measured_where_half_of_the_rows_have_it() -> None:
    titles = [Row(0, {"title": f"title {number}"}) for number in range(4)]
    complete = [Row(1, {"title": f"both {number}", "full": f"both {number} text"}) for number in range(3)]
    full = [Row(2, {"full": f"full {number}"}) for number in range(4)]
    counts = [
        {view: len(part) for view, part in rows_by_view(rows).items()}
        for rows in (titles, titles + complete, titles[:3] + complete, titles + full, full)
    ]
    assert counts == [{"title": 4}, {"title": 7}, {"title": 6, "full": 3}, {"title": 4, "full": 4}, {"full": 4}]


def test_rows_about_none_of_the_topics_and_descriptions_alone_have_no_accuracy() -> None:
    rows = [
        Row(0, {"title": "Talks"}),
        Row(1, {"description": "Late goal"}),
        Row(None, {"title": "Pie", "full": "Pie"}),
    ]
    assert rows_by_view(rows) == {"title": rows[:1]}
    assert out_of_scope_texts(rows) == ["Pie"]


def test_full_texts_are_not_measured_where_any_row_has_an_outlet_whatever_the_order() -> None:
    views: dict[View, str] = {"title": "Talks", "full": "Talks resume"}
    rows = [Row(0, views, "a.com"), Row(0, views)]
    for ordered in (rows, rows[::-1]):
        assert rows_by_view(ordered) == {"title": ordered}
    assert rows_by_view([Row(0, {"full": "Talks resume"}, "a.com")]) == rows_by_view([]) == {}


def test_no_outlet_s_rows_to_choose_by_lack_the_title_that_is_measured() -> None:
    full = [Row(0, {"full": f"full {number}"}, "a.com") for number in range(3)]
    titles = [Row(0, {"title": f"title {number}"}, "a.com") for number in range(4)]
    other = Row(None, {"full": "Pie"}, "a.com")
    assert rows_to_choose_by([*full, *titles, other], 2) == [*titles[:2], other]


def test_texts_without_a_topic_alone_have_no_auroc() -> None:
    part = Measured(None, ["Pie"], np.array([[9, 0, 0, 0]], dtype=np.float32), np.array([-1]))
    assert figures([part], 1.0) == {"out_of_scope": {"rows": 1, "high": 1.0}}
