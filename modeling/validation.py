"""How good a classifier is on the rows to choose by, in one number that weighs outlets and data sets equally."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from modeling.classifiers import TextClassifier, logits_of
from modeling.data import Data
from modeling.rows import Row, View


class Figures(NamedTuple):
    """What a classifier makes of one data set's rows to choose by, each by its outlets' mean where they are known."""

    accuracy: dict[View, float]
    nll: dict[View, float]
    """Negative log-likelihood of the label, in nats."""
    auroc: float | None
    """Of the score: how likely a text with a topic scores above one without; None where all have one."""


def rows_to_choose_by(rows: Sequence[Row], most: int) -> list[Row]:
    """The first `most` rows of each outlet and label; the same each time."""
    counts: dict[tuple[str, int | None], int] = defaultdict(int)
    kept = []
    for row in rows:
        counts[row.outlet, row.label] += 1
        if not row.outlet or counts[row.outlet, row.label] <= most:
            kept.append(row)
    return kept


def measure(classifier: TextClassifier, rows: Sequence[Row]) -> Figures:
    """The figures of `rows`: of titles, and of full texts where all rows with a topic have them and no outlet."""
    inside = [row for row in rows if row.label is not None]
    views: list[View] = ["title", "full"] if not inside[0].outlet else ["title"]
    accuracy: dict[View, float] = {}
    nll: dict[View, float] = {}
    inside_score: NDArray[np.float32] | None = None
    for view in views:
        if not all(view in row.views for row in inside):
            continue
        scores = logits_of(classifier, [row.views[view] for row in inside]).softmax(1)
        labels = torch.tensor([row.label for row in inside])
        right = (scores.argmax(1) == labels).tolist()
        losses = (-scores[torch.arange(len(labels)), labels].clamp_min(1e-9).log()).tolist()
        outlets = [row.outlet for row in inside]
        accuracy[view], nll[view] = mean_by(outlets, right), mean_by(outlets, losses)
        inside_score = scores.amax(1).numpy() if inside_score is None else inside_score
    outside = [next(iter(row.views.values())) for row in rows if row.label is None]
    if not outside or inside_score is None:
        return Figures(accuracy, nll, None)
    outside_score = logits_of(classifier, outside).softmax(1).amax(1).numpy()
    return Figures(accuracy, nll, auroc(inside_score, outside_score))


def loss_of(figures: Sequence[Figures]) -> float:
    """What a checkpoint is chosen by, lower is better: mean log-likelihood loss, and how far AUROC is from 1."""
    losses = [value for part in figures for value in part.nll.values()]
    areas = [part.auroc for part in figures if part.auroc is not None]
    return fmean(losses) + (1 - fmean(areas) if areas else 0.0)


def mean_by(groups: Sequence[str], values: Sequence[float]) -> float:
    """The mean over groups of the mean in each."""
    by_group: dict[str, list[float]] = defaultdict(list)
    for group, value in zip(groups, values, strict=True):
        by_group[group].append(float(value))
    return fmean(fmean(part) for part in by_group.values())


def auroc(inside: NDArray[np.float32], outside: NDArray[np.float32]) -> float:
    """The share of pairs in which the inside score is the higher one; ties count half (Mann-Whitney)."""
    ordered = np.sort(outside)
    below = np.searchsorted(ordered, inside, "left") + np.searchsorted(ordered, inside, "right")
    return float(below.mean() / 2 / len(outside))


def describe(data: Sequence[Data], figures: Sequence[Figures]) -> str:
    """The figures in one line, for a person."""
    parts = []
    for source, part in zip(data, figures, strict=True):
        shares = ", ".join(f"{view} {share:.2%}" for view, share in part.accuracy.items())
        parts.append(f"{source.name}: {shares}" + (f", AUROC {part.auroc:.3f}" if part.auroc is not None else ""))
    return "; ".join(parts)
