"""The temperature, and what choosing is done by."""

import numpy as np
import pytest

from tests.support.requirement import require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers")

from modeling.calibrate import Measured, figures, log_loss, temperature
from modeling.validation import Figures, auroc, loss_of, mean_by


def honest(
    count: int,
) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float32]], np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Logits, and labels drawn with the scores that they stand for."""
    chance = np.random.default_rng(0)
    logits = chance.normal(size=(count, 4)).astype(np.float32) * 2
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return logits, np.array([chance.choice(4, p=row / row.sum()) for row in shares.astype(float)])


def test_the_temperature_of_overconfident_logits_is_found() -> None:
    logits, labels = honest(20_000)
    part = Measured("title", [], logits * 3, labels)
    fitted = temperature([part])
    assert fitted == pytest.approx(3, rel=0.03)
    assert log_loss(logits * 3 / np.float32(fitted), labels) < log_loss(logits * 3, labels)
    assert figures([part], fitted)["title"]["ece"] < 0.015 < figures([part], 1.0)["title"]["ece"]


def test_texts_without_a_topic_make_scores_lower() -> None:
    logits, labels = honest(5000)
    inside = Measured("title", [], logits, labels)
    outside = Measured(None, [], logits, np.full(5000, -1))
    assert temperature([inside, outside]) > 1.2 * temperature([inside])
    assert figures([inside, outside], 1.0)["out_of_scope"]["auroc"] == pytest.approx(0.5)


def test_auroc_is_the_share_of_pairs_in_order() -> None:
    inside, outside = np.array([0.9, 0.5, 0.4], np.float32), np.array([0.5, 0.3], np.float32)
    assert auroc(inside, outside) == pytest.approx((2 + 1.5 + 1) / 6)


def test_outlets_count_alike_whatever_their_number_of_rows() -> None:
    assert mean_by(["a", "a", "a", "b"], [1, 1, 1, 0]) == 0.5
    assert loss_of([Figures({}, {"title": 0.3, "full": 0.1}, None), Figures({}, {"title": 0.5}, 0.9)]) == pytest.approx(
        0.4
    )
