"""What labels and scores say of a classifier; numpy alone."""

from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from agnews.labels import LABELS

Z_95 = 1.959964
"""The normal distribution's two-sided 95 % point."""
BINS = 15
"""Guo et al. 2017."""


class ClassMetrics(TypedDict):
    """One topic against the rest."""

    precision: float
    recall: float
    f1: float
    support: int


class Metrics(TypedDict):
    """One set of texts. Shares lie from 0 to 1; rows of the confusion matrix are true labels, in LABELS' order."""

    texts: int
    accuracy: float
    accuracy_95: tuple[float, float]
    macro_f1: float
    classes: dict[str, ClassMetrics]
    confusion: list[list[int]]
    ece: float


def metrics(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> Metrics:
    """Everything about labels [n] (0 to 3) and scores [n, 4], n at least 1. The first of equal scores wins."""
    found = scores.argmax(axis=1)
    table = confusion(labels, found)
    classes: dict[str, ClassMetrics] = {label: class_metrics(table, index) for index, label in enumerate(LABELS)}
    correct = int(table.trace())
    return {
        "texts": len(labels),
        "accuracy": correct / len(labels),
        "accuracy_95": wilson(correct, len(labels)),
        "macro_f1": sum(of_class["f1"] for of_class in classes.values()) / len(LABELS),
        "classes": classes,
        "confusion": table.tolist(),
        "ece": calibration_error(scores.max(axis=1), found == labels),
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


def wilson(correct: int, total: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, `total` at least 1."""
    share, square = correct / total, Z_95**2
    middle = (share + square / (2 * total)) / (1 + square / total)
    half = Z_95 / (1 + square / total) * (share * (1 - share) / total + square / (4 * total**2)) ** 0.5
    return max(0.0, middle - half), min(1.0, middle + half)


def calibration_error(confidence: NDArray[np.float64], correct: NDArray[np.bool_], bins: int = BINS) -> float:
    """Expected calibration error: |accuracy - confidence| over bins of equal width, weighted by their texts."""
    places = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gaps = np.bincount(places, weights=correct - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(confidence))
