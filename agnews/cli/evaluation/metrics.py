"""What labels and scores say of a classifier; numpy alone."""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from agnews.labels import LABELS

Z_95 = 1.959964
"""The normal distribution's two-sided 95 % point."""
BINS = 15
"""Guo et al. 2017."""
COVERAGES = tuple(share / 100 for share in range(100, 0, -1))
"""Shares of the texts answered, the surest first."""


class ClassMetrics(TypedDict):
    """One topic against the rest."""

    precision: float
    recall: float
    f1: float
    support: int


class Share(TypedDict):
    """How many of some texts are right, with Wilson's 95 % interval."""

    texts: int
    accuracy: float
    accuracy_95: tuple[float, float]


class Bin(TypedDict):
    """The texts whose score lies in one of BINS equal ranges: their mean score, and the share that is right."""

    texts: int
    score: float
    accuracy: float


class Coverage(TypedDict):
    """What is answered, and how well, where everything scored below `min_score` is left unanswered."""

    min_score: float
    coverage: float
    accuracy: float


class Metrics(Share):
    """One set of texts. Shares lie from 0 to 1; rows of the confusion matrix are true labels, in LABELS' order."""

    macro_f1: float
    classes: dict[str, ClassMetrics]
    confusion: list[list[int]]
    ece: float
    mean_score: float
    reliability: list[Bin]
    coverage: list[Coverage]


def metrics(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> Metrics:
    """Everything about labels [n] (0 to 3) and scores [n, 4], n at least 1. The first of equal scores wins."""
    found = scores.argmax(axis=1)
    table = confusion(labels, found)
    classes: dict[str, ClassMetrics] = {label: class_metrics(table, index) for index, label in enumerate(LABELS)}
    correct = int(table.trace())
    score = scores.max(axis=1)
    bins = reliability(score, found == labels)
    return {
        **share(correct, len(labels)),
        "macro_f1": sum(of_class["f1"] for of_class in classes.values()) / len(LABELS),
        "classes": classes,
        "confusion": table.tolist(),
        "ece": calibration_error(bins),
        "mean_score": float(score.mean()),
        "reliability": bins,
        "coverage": coverage_curve(score, found == labels),
    }


def confusion(labels: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.int64]:
    """Counts [4, 4]: row the true label, column the one that was found."""
    size = len(LABELS)
    counts: NDArray[np.int64] = np.bincount(labels * size + found, minlength=size * size).reshape(size, size)
    return counts


def class_metrics(table: NDArray[np.int64], index: int) -> ClassMetrics:
    """Precision, recall and F1 of one topic; 0 where there is nothing to divide by."""
    hits, support, claimed = int(table[index, index]), int(table[index].sum()), int(table[:, index].sum())
    return {
        "precision": hits / claimed if claimed else 0.0,
        "recall": hits / support if support else 0.0,
        "f1": 2 * hits / (support + claimed) if support + claimed else 0.0,
        "support": support,
    }


def share(correct: int, total: int) -> Share:
    """`correct` of `total`, at least 1."""
    return {"texts": total, "accuracy": correct / total, "accuracy_95": wilson(correct, total)}


def wilson(correct: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, `total` at least 1."""
    share, square = correct / total, Z_95**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = Z_95 / (1 + square / total) * (share * (1 - share) / total + square / (4 * total**2)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def reliability(score: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = BINS) -> list[Bin]:
    """The bins of equal width, from the lowest score up, that have any text."""
    places = np.clip(np.ceil(score * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    sums = np.bincount(places, weights=score, minlength=bins)
    hits = np.bincount(places, weights=correct, minlength=bins)
    return [
        {"texts": int(counts[place]), "score": sums[place] / counts[place], "accuracy": hits[place] / counts[place]}
        for place in np.flatnonzero(counts)
    ]


def calibration_error(bins: list[Bin]) -> float:
    """Expected calibration error: |accuracy - mean score| over the bins, weighted by their texts."""
    gaps = sum(found["texts"] * abs(found["accuracy"] - found["score"]) for found in bins)
    return float(gaps / sum(found["texts"] for found in bins))


def coverage_curve(score: NDArray[np.float64], correct: NDArray[np.bool_]) -> list[Coverage]:
    """For each of COVERAGES the `min_score` that answers at least so many texts, and how many of those are right.

    Texts of equal score are answered together, so the coverage can be above the one asked for.
    """
    order = np.sort(score)[::-1]
    thresholds = dict.fromkeys(float(order[int(np.ceil(share * len(score))) - 1]) for share in COVERAGES)
    return [
        {
            "min_score": threshold,
            "coverage": float((score >= threshold).mean()),
            "accuracy": float(correct[score >= threshold].mean()),
        }
        for threshold in thresholds
    ]


def at_coverage(curve: list[Coverage], share: float) -> Coverage:
    """The point of the curve that answers at least `share` of the texts, and as few more as there are."""
    return min((point for point in curve if point["coverage"] >= share), key=lambda point: point["coverage"])
