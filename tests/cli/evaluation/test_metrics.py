"""The metrics against numbers computed by hand."""

import numpy as np
import pytest

from agnews.cli.evaluation.metrics import (
    MIN_SCORES,
    at_coverage,
    auroc,
    calibration_error,
    class_metrics,
    confusion_matrix,
    coverage_curve,
    metrics,
    out_of_scope_labels,
    out_of_scope_metrics,
    reliability_bins,
    wilson_interval,
)
from agnews.labels import LABELS

LABELLED = np.array([0, 0, 1, 2, 3, 3])
PREDICTED = np.array([0, 1, 1, 2, 3, 0])
ONE_HOT = np.eye(4)[PREDICTED]


def test_the_confusion_matrix_counts_true_labels_by_row() -> None:
    expected = [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]]
    assert confusion_matrix(LABELLED, PREDICTED, 4).tolist() == expected


@pytest.mark.parametrize(
    ("index", "precision", "recall", "f1", "support"),
    [(0, 0.5, 0.5, 0.5, 2), (1, 0.5, 1.0, 2 / 3, 1), (2, 1.0, 1.0, 1.0, 1), (3, 1.0, 0.5, 2 / 3, 2)],
)
def test_a_topic_s_metrics_are_those_computed_by_hand(
    index: int, precision: float, recall: float, f1: float, support: int
) -> None:
    topic = class_metrics(confusion_matrix(LABELLED, PREDICTED, 4), index)
    assert topic == pytest.approx({"precision": precision, "recall": recall, "f1": f1, "support": support})


def test_a_topic_that_never_occurs_has_zeros_and_no_warning() -> None:
    topic = class_metrics(confusion_matrix(np.array([0, 0]), np.array([0, 0]), 4), 3)
    assert topic == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}


def test_accuracy_and_macro_f1_are_those_computed_by_hand() -> None:
    measured = metrics(LABELLED, ONE_HOT, LABELS)
    assert measured["texts"] == 6
    assert measured["accuracy"] == pytest.approx(4 / 6)
    assert measured["macro_f1"] == pytest.approx((1 / 2 + 2 / 3 + 1 + 2 / 3) / 4)
    assert measured["ece"] == pytest.approx(2 / 6)  # always sure, right in four of six


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [
        (8, 10, 0.4901625, 0.9433178),  # R: prop.test(8, 10, correct = FALSE)
        (0, 10, 0.0, 0.2775328),
        (10, 10, 0.7224672, 1.0),
        (940, 1000, 0.9235, 0.9531),
    ],
)
def test_wilson_s_interval_is_the_known_one(correct: int, total: int, low: float, high: float) -> None:
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(
    ("confidence", "correct", "expected"),
    [
        ([0.9, 0.9, 0.6, 0.6], [True, False, True, True], 0.4),
        ([1.0, 1.0], [True, True], 0.0),
        ([0.95, 0.99], [True, False], 0.47),  # one bin: 0.97 sure on average, right in half
        ([0.25, 1.0], [False, True], 0.125),
    ],
)
def test_calibration_error_is_that_computed_by_hand(
    confidence: list[float], correct: list[bool], expected: float
) -> None:
    assert calibration_error(reliability_bins(np.array(confidence), np.array(correct))) == pytest.approx(expected)


def test_the_reliability_bins_hold_every_text_once_from_the_lowest_score_up() -> None:
    bins = reliability_bins(np.array([0.99, 0.5, 0.95, 0.51]), np.array([True, False, False, True]))
    assert bins == [
        {"texts": 2, "score": pytest.approx(0.505), "accuracy": 0.5},
        {"texts": 2, "score": pytest.approx(0.97), "accuracy": 0.5},
    ]


def test_the_coverage_curve_answers_the_surest_first_and_equal_scores_together() -> None:
    score, correct = np.array([0.9, 0.6, 0.9, 0.4, 0.7]), np.array([True, False, True, False, True])
    curve = coverage_curve(score, correct)
    assert [(point["min_score"], point["coverage"]) for point in curve] == [
        (0.4, 1),
        (0.6, 0.8),
        (0.7, 0.6),
        (0.9, 0.4),
    ]
    assert [point["accuracy"] for point in curve] == [0.6, 0.75, 1, 1]
    assert at_coverage(curve, 0.7)["min_score"] == 0.6
    assert at_coverage(curve, 1.0)["accuracy"] == 0.6


def test_auroc_is_the_share_of_pairs_in_order_and_ties_count_half() -> None:
    inside, outside = np.array([0.9, 0.5, 0.4]), np.array([0.5, 0.3, 0.95])
    assert auroc(inside, outside) == pytest.approx((2 + 1.5 + 1) / 9)
    assert (auroc(np.array([0.8]), np.array([0.2])), auroc(np.array([0.2]), np.array([0.8]))) == (1, 0)


def test_a_min_score_s_answers_in_scope_and_out_of_scope_are_those_counted_by_hand() -> None:
    score, correct = np.array([0.85, 0.7, 0.65, 0.4]), np.array([True, False, True, False])
    results = out_of_scope_metrics(score, correct, np.array([0.95, 0.9, 0.7, 0.3, 0.2]))
    assert MIN_SCORES == (0.5, 0.6, 0.7, 0.75, 0.8, 0.9)
    assert results["thresholds"] == [
        {"min_score": 0.5, "in_scope": 0.75, "accuracy": pytest.approx(2 / 3), "out_of_scope": 0.6},
        {"min_score": 0.6, "in_scope": 0.75, "accuracy": pytest.approx(2 / 3), "out_of_scope": 0.6},
        {"min_score": 0.7, "in_scope": 0.5, "accuracy": 0.5, "out_of_scope": 0.6},
        {"min_score": 0.75, "in_scope": 0.25, "accuracy": 1.0, "out_of_scope": 0.4},
        {"min_score": 0.8, "in_scope": 0.25, "accuracy": 1.0, "out_of_scope": 0.4},
        {"min_score": 0.9, "in_scope": 0.0, "accuracy": None, "out_of_scope": 0.4},
    ]
    assert (results["texts"], results["high"]) == (5, 0.4)
    assert [(point["min_score"], point["out_of_scope"]) for point in results["curve"]] == [
        (0.4, 0.6),
        (0.65, 0.6),
        (0.7, 0.6),
        (0.85, 0.4),
    ]


def test_each_label_out_of_scope_has_its_share_answered_and_the_topics_it_gets() -> None:
    scores = np.array([[0.6, 0.4, 0, 0], [0, 0, 0.1, 0.9], [0.2, 0.8, 0, 0], [0, 0.1, 0.1, 0.8]])
    assert out_of_scope_labels(["out:food", "out:film", "out:food", "out:food"], scores, LABELS) == {
        "out:food": {
            "texts": 3,
            "answered": pytest.approx(2 / 3),
            "predicted": {label: pytest.approx(1 / 3) for label in ("World", "Sports", "Sci/Tech")},
        },
        "out:film": {"texts": 1, "answered": 1.0, "predicted": {"Sci/Tech": 1.0}},
    }
