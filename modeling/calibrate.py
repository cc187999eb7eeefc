"""Fit the temperature on the rows to choose by, so that a score is the probability that the label is right.

    python -m modeling.calibrate DATA [DATA …] --run runs/default

Of a text about none of the topics, no label is right. Writes `best/metrics.json` in the run's folder, the temperature
and the validation figures that a bake hands on to the manifest, and `headlines.txt`, the texts that a bake compares
the int8 model on.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agnews.cli.evaluation.metrics import calibration_error, reliability_bins
from agnews.model.classifier import softmax
from modeling.bake import DEFAULT_LENGTH
from modeling.classifiers import TextClassifier, load, logits_of
from modeling.data import Data, read_all_or_exit
from modeling.rows import Row, View
from modeling.trainer import check_rows
from modeling.validation import auroc

HIGH = 0.9
"""A score that a text about none of the topics should not get."""


class Measured(NamedTuple):
    """One data set's rows to choose by, shown in one way."""

    view: View | None
    """None: rows about none of the topics."""
    texts: list[str]
    logits: NDArray[np.float32]
    """[len(texts), 4]."""
    labels: NDArray[np.int64]
    """[len(texts)]; -1 for none of the topics."""


def temperature(parts: Sequence[Measured]) -> float:
    """What to divide logits by for the least log loss of "the label is right": 0.25 to 4, to 0.1 %.

    Each part counts the same, whatever its number of rows (temperature scaling, Guo et al. 2017).
    """
    candidates = np.exp(np.linspace(np.log(0.25), np.log(4.0), 2774)).astype(np.float32)
    losses = [np.mean([log_loss(part.logits / value, part.labels) for part in parts]) for value in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 4)


def log_loss(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The mean over texts, in nats, of -log(score) where the label is right and -log(1 - score) where it is not."""
    score = softmax(logits).max(axis=1)
    right = logits.argmax(axis=1) == labels
    return float(-np.log(np.where(right, score, 1 - score) + 1e-9).mean())


def negative_log_likelihood(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The mean over texts, in nats."""
    return float(-np.log(softmax(logits)[np.arange(len(labels)), labels] + 1e-12).mean())


def measured(classifier: TextClassifier, rows: Sequence[Row]) -> list[Measured]:
    """The logits of `rows`: titles, full texts where no row lacks one, and what is about none of the topics."""
    inside, outside = ([row for row in rows if (row.label is None) is out] for out in (False, True))
    views: tuple[View, ...] = ("title", "full")
    shown = [(view, inside) for view in views if all(view in row.views for row in inside)]
    parts = [_measured(classifier, view, [row.views[view] for row in part], part) for view, part in shown]
    if outside:
        parts.append(_measured(classifier, None, [next(iter(row.views.values())) for row in outside], outside))
    return parts


def _measured(classifier: TextClassifier, view: View | None, texts: list[str], rows: Sequence[Row]) -> Measured:
    labels = np.array([-1 if row.label is None else row.label for row in rows])
    return Measured(view, texts, logits_of(classifier, texts).numpy(), labels)


def figures(parts: Sequence[Measured], fitted: float) -> dict[str, dict[str, float]]:
    """What one data set's rows show of the checkpoint with the temperature `fitted`, by view.

    Accuracy, expected calibration error and negative log-likelihood in nats of texts with a topic; AUROC of the score
    against those without, and the share of these that score HIGH or more.
    """
    shown: dict[str, dict[str, float]] = {}
    inside_score: NDArray[np.float32] | None = None
    for view, _, logits, labels in parts:
        tempered = logits / np.float32(fitted)
        score = softmax(tempered).max(axis=1)
        if view is None:
            assert inside_score is not None
            high = float((score >= HIGH).mean())
            area = auroc(inside_score, score)
            shown["out_of_scope"] = {"rows": len(labels), "auroc": round(area, 4), "high": round(high, 4)}
            continue
        inside_score = score if inside_score is None else inside_score
        right = logits.argmax(1) == labels
        shown[view] = {
            "rows": len(labels),
            "accuracy": round(float(right.mean()), 4),
            "ece": round(calibration_error(reliability_bins(score, right)), 4),
            "nll": round(negative_log_likelihood(tempered, labels), 4),
        }
    return shown


def calibrate(data: Sequence[Data], run: Path) -> dict[str, object]:
    """Write `best/metrics.json` and `headlines.txt` in `run` and return the metrics."""
    classifier = load(str(run / "best"), DEFAULT_LENGTH, "cpu", run)
    by_data = [(part.name, measured(classifier, part.validation)) for part in data]
    fitted = temperature([part for _, parts in by_data for part in parts])
    validation = {name: figures(parts, fitted) for name, parts in by_data}
    metrics: dict[str, object] = {"temperature": fitted, "validation": validation}
    (run / "best" / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    texts = [" ".join(text.split()) for _, parts in by_data for part in parts for text in part.texts]
    (run / "headlines.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    return metrics


def main() -> None:
    """Command line: see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+", metavar="DATA", help="what the run was trained on")
    parser.add_argument("--run", type=Path, required=True, metavar="FOLDER")
    arguments = parser.parse_args()
    data = read_all_or_exit(arguments.data)
    check_rows(arguments.run, data)
    print(json.dumps(calibrate(data, arguments.run), indent=2))


if __name__ == "__main__":
    main()
