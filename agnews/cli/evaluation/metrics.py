"""Accuracy, calibration, coverage and AUROC of a classifier from labels and scores. Needs only numpy."""

from collections import Counter
from collections.abc import Sequence
from typing import NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from agnews.settings import RECOMMENDED_MIN_SCORE

Z_95 = 1.959964
"""The two-sided 95 % quantile of the normal distribution."""
BINS = 15
"""As in Guo et al. 2017."""
CURVE_COVERAGES = tuple(percent / 100 for percent in range(100, 0, -1))
"""The shares of texts answered at which the coverage curve has a point."""
HIGH_SCORE = 0.9
"""A score that a text out of scope should not get."""
MIN_SCORES = (0.5, 0.6, 0.7, RECOMMENDED_MIN_SCORE, 0.8, HIGH_SCORE)
"""The values of `min_score` for which reports show what is answered in scope and out of scope."""


class ClassMetrics(TypedDict):
    """One topic against the rest."""

    precision: float
    recall: float
    f1: float
    support: int


class Accuracy(TypedDict):
    """The share of texts that are right, with Wilson's 95 % interval."""

    texts: int
    accuracy: float
    accuracy_95: tuple[float, float]


class ReliabilityBin(TypedDict):
    """The texts whose score is in one of BINS equal ranges: how many, their mean score, and the share that is right."""

    texts: int
    score: float
    accuracy: float


class CoveragePoint(TypedDict):
    """The share of texts scored `min_score` or higher, and the share of those that is right."""

    min_score: float
    coverage: float
    accuracy: float


class Metrics(Accuracy):
    """All metrics of one set of texts. Shares are from 0 to 1."""

    macro_f1: float
    classes: dict[str, ClassMetrics]
    confusion: list[list[int]]
    """Counts: a row for each true label and a column for each predicted one, in the order of `classes`."""
    ece: float
    """Expected calibration error."""
    mean_score: float
    reliability: list[ReliabilityBin]
    coverage: list[CoveragePoint]


class ThresholdPoint(TypedDict):
    """What is answered of the texts in scope and out of scope, those scored `min_score` or higher."""

    min_score: float
    in_scope: float
    """The share of texts in scope that is answered."""
    accuracy: float | None
    """The share of the answers in scope that is right; None if there are none."""
    out_of_scope: float
    """The share of texts out of scope that is answered."""


class OutOfScopeLabel(TypedDict):
    """The texts of one label that is out of scope."""

    texts: int
    answered: float
    """The share scored RECOMMENDED_MIN_SCORE or higher."""
    predicted: dict[str, float]
    """The share of the texts that each topic gets, the largest first."""


class OutOfScope(TypedDict):
    """How the score tells texts out of scope, about none of the topics, from those in scope."""

    texts: int
    auroc: float
    """The probability that a text in scope scores higher than one out of scope."""
    groups_auroc: NotRequired[float]
    """The mean over groups of the AUROC in each that has both kinds; absent if none has."""
    high: float
    """The share of texts out of scope scored HIGH_SCORE or higher."""
    labels: NotRequired[dict[str, OutOfScopeLabel]]
    """By the label in the file, the most frequent first."""
    thresholds: list[ThresholdPoint]
    """A point for each of MIN_SCORES."""
    curve: list[ThresholdPoint]
    """A point for each of the coverage curve's."""


def metrics(labels: NDArray[np.int64], scores: NDArray[np.float64], topics: Sequence[str]) -> Metrics:
    """Return all metrics of labels [n] (indices) and scores [n, topics], n at least 1. The first of equals wins."""
    predicted = scores.argmax(axis=1)
    confusion = confusion_matrix(labels, predicted, len(topics))
    classes: dict[str, ClassMetrics] = {topic: class_metrics(confusion, index) for index, topic in enumerate(topics)}
    correct = predicted == labels
    score = scores.max(axis=1)
    bins = reliability_bins(score, correct)
    return {
        **accuracy_of(int(confusion.trace()), len(labels)),
        "macro_f1": sum(one_class["f1"] for one_class in classes.values()) / len(topics),
        "classes": classes,
        "confusion": confusion.tolist(),
        "ece": calibration_error(bins),
        "mean_score": float(score.mean()),
        "reliability": bins,
        "coverage": coverage_curve(score, correct),
    }


def confusion_matrix(labels: NDArray[np.int64], predicted: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """Return counts [size, size]: a row for each true label, a column for each predicted one."""
    counts: NDArray[np.int64] = np.bincount(labels * size + predicted, minlength=size * size).reshape(size, size)
    return counts


def class_metrics(confusion: NDArray[np.int64], index: int) -> ClassMetrics:
    """Return precision, recall and F1 of one topic; 0 where the denominator is 0."""
    hits, support, predicted = int(confusion[index, index]), int(confusion[index].sum()), int(confusion[:, index].sum())
    return {
        "precision": hits / predicted if predicted else 0.0,
        "recall": hits / support if support else 0.0,
        "f1": 2 * hits / (support + predicted) if support + predicted else 0.0,
        "support": support,
    }


def accuracy_of(correct: int, total: int) -> Accuracy:
    """Return the accuracy of `correct` out of `total`, which is at least 1."""
    return {"texts": total, "accuracy": correct / total, "accuracy_95": wilson_interval(correct, total)}


def wilson_interval(correct: int, total: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of the share `correct / total`; `total` is at least 1."""
    share, square = correct / total, Z_95**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = Z_95 / (1 + square / total) * (share * (1 - share) / total + square / (4 * total**2)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def reliability_bins(score: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = BINS) -> list[ReliabilityBin]:
    """Return the bins of equal width that contain a text, from the lowest score up."""
    indices = np.clip(np.ceil(score * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(indices, minlength=bins)
    sums = np.bincount(indices, weights=score, minlength=bins)
    hits = np.bincount(indices, weights=correct, minlength=bins)
    return [
        {"texts": int(counts[index]), "score": sums[index] / counts[index], "accuracy": hits[index] / counts[index]}
        for index in np.flatnonzero(counts)
    ]


def calibration_error(bins: list[ReliabilityBin]) -> float:
    """Return the expected calibration error: |accuracy - mean score| of the bins, weighted by their texts."""
    gaps = sum(group["texts"] * abs(group["accuracy"] - group["score"]) for group in bins)
    return float(gaps / sum(group["texts"] for group in bins))


def coverage_curve(score: NDArray[np.float64], correct: NDArray[np.bool_]) -> list[CoveragePoint]:
    """Return, for each of CURVE_COVERAGES, the `min_score` that answers at least this share of the texts.

    Texts of equal score are answered together, so a point's coverage can be higher.
    """
    descending = np.sort(score)[::-1]
    thresholds = dict.fromkeys(float(descending[int(np.ceil(share * len(score))) - 1]) for share in CURVE_COVERAGES)
    return [
        {
            "min_score": threshold,
            "coverage": float((score >= threshold).mean()),
            "accuracy": float(correct[score >= threshold].mean()),
        }
        for threshold in thresholds
    ]


def at_coverage(curve: list[CoveragePoint], share: float) -> CoveragePoint:
    """Return the point of the curve with the lowest coverage that is at least `share`."""
    return min((point for point in curve if point["coverage"] >= share), key=lambda point: point["coverage"])


def out_of_scope_metrics(
    score: NDArray[np.float64], correct: NDArray[np.bool_], outside: NDArray[np.float64]
) -> OutOfScope:
    """Return how the scores of texts in scope and whether they are right compare with the scores `outside`."""
    return {
        "texts": len(outside),
        "auroc": auroc(score, outside),
        "high": float((outside >= HIGH_SCORE).mean()),
        "thresholds": [threshold_point(min_score, score, correct, outside) for min_score in MIN_SCORES],
        "curve": [
            threshold_point(point["min_score"], score, correct, outside) for point in coverage_curve(score, correct)
        ],
    }


def out_of_scope_labels(
    labels: Sequence[str], scores: NDArray[np.float64], topics: Sequence[str]
) -> dict[str, OutOfScopeLabel]:
    """Return what texts out of scope with `labels` [n] and scores [n, topics] get, the most frequent label first."""
    names = np.array(labels)
    by_label: dict[str, OutOfScopeLabel] = {}
    for label, count in Counter(labels).most_common():
        part = scores[names == label]
        predicted = Counter(part.argmax(axis=1).tolist())
        by_label[label] = {
            "texts": count,
            "answered": float((part.max(axis=1) >= RECOMMENDED_MIN_SCORE).mean()),
            "predicted": {topics[index]: texts / count for index, texts in predicted.most_common()},
        }
    return by_label


def auroc(inside: NDArray[np.floating], outside: NDArray[np.floating]) -> float:
    """Return the share of pairs in which the inside score is the higher one; ties count half (Mann-Whitney)."""
    ordered = np.sort(outside)
    below = np.searchsorted(ordered, inside, "left") + np.searchsorted(ordered, inside, "right")
    return float(below.mean() / 2 / len(outside))


def threshold_point(
    min_score: float, score: NDArray[np.float64], correct: NDArray[np.bool_], outside: NDArray[np.float64]
) -> ThresholdPoint:
    """Return what `min_score` answers of the texts in scope, with `score` and `correct`, and of those `outside`."""
    answered = score >= min_score
    return {
        "min_score": min_score,
        "in_scope": float(answered.mean()),
        "accuracy": float(correct[answered].mean()) if answered.any() else None,
        "out_of_scope": float((outside >= min_score).mean()),
    }
