"""How good a classifier is on the rows to choose by, in one number that weighs outlets and data sets equally."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from agnews.cli.evaluation.metrics import auroc
from modeling.classifiers import TextClassifier, logits_of
from modeling.data import Data
from modeling.rows import Row, View, rows_by_view


class Figures(NamedTuple):
    """How good a classifier is on one data set's rows to choose by: the mean over outlets, where they are known."""

    accuracy: dict[View, float]
    nll: dict[View, float]
    """Negative log-likelihood of the label, in nats."""
    auroc: float | None
    """Of the score: how likely a text with a topic scores above one without; None where all have one."""


def rows_to_choose_by(rows: Sequence[Row], most: int) -> list[Row]:
    """Return the first `most` rows of each outlet and label, and all rows whose outlet is not known.

    Rows with a topic that have none of the views that are measured (`rows_by_view`) are left out.
    """
    counts: dict[tuple[str, int | None], int] = defaultdict(int)
    kept = []
    measured = rows_by_view(rows).keys()
    for row in rows:
        if row.label is not None and not measured & row.views.keys():
            continue
        counts[row.outlet, row.label] += 1
        if not row.outlet or counts[row.outlet, row.label] <= most:
            kept.append(row)
    return kept


def out_of_scope_texts(rows: Sequence[Row]) -> list[str]:
    """Return a text of each row that is about none of the topics: its title, where it has one."""
    return [next(iter(row.views.values())) for row in rows if row.label is None]


def measure(classifier: TextClassifier, rows: Sequence[Row]) -> Figures:
    """Return the figures of `rows`, which have a view to measure (`rows_by_view`)."""
    accuracy: dict[View, float] = {}
    nll: dict[View, float] = {}
    inside: list[NDArray[np.float32]] = []
    for view, part in rows_by_view(rows).items():
        scores = logits_of(classifier, [row.views[view] for row in part]).softmax(1)
        labels = torch.tensor([row.label for row in part])
        right = (scores.argmax(1) == labels).tolist()
        losses = (-scores[torch.arange(len(labels)), labels].clamp_min(1e-9).log()).tolist()
        outlets = [row.outlet for row in part]
        accuracy[view], nll[view] = mean_by(outlets, right), mean_by(outlets, losses)
        inside.append(scores.amax(1).numpy())
    texts = out_of_scope_texts(rows)
    if not texts:
        return Figures(accuracy, nll, None)
    outside = logits_of(classifier, texts).softmax(1).amax(1).numpy()
    return Figures(accuracy, nll, auroc(inside[0], outside))


def loss_of(figures: Sequence[Figures]) -> float:
    """Return what a checkpoint is chosen by, lower is better: mean negative log-likelihood plus 1 - mean AUROC."""
    losses = [value for part in figures for value in part.nll.values()]
    areas = [part.auroc for part in figures if part.auroc is not None]
    return fmean(losses) + (1 - fmean(areas) if areas else 0.0)


def mean_by(groups: Sequence[str], values: Sequence[float]) -> float:
    """Return the mean over groups of the mean in each."""
    by_group: dict[str, list[float]] = defaultdict(list)
    for group, value in zip(groups, values, strict=True):
        by_group[group].append(float(value))
    return fmean(fmean(part) for part in by_group.values())


def describe(data: Sequence[Data], figures: Sequence[Figures]) -> str:
    """Return the figures in one line, for a person."""
    parts = []
    for source, part in zip(data, figures, strict=True):
        shares = ", ".join(f"{view} {share:.2%}" for view, share in part.accuracy.items())
        parts.append(f"{source.name}: {shares}" + (f", AUROC {part.auroc:.3f}" if part.auroc is not None else ""))
    return "; ".join(parts)
