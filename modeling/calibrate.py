"""Fit the temperature on the rows to choose by, so that a score is the probability that the label is right.

    python -m modeling.calibrate FILE.csv --label-column section --text-column headline --run runs/mine
    python -m modeling.calibrate DATA [DATA …] --run runs/default

DATA and the options of a file are those of the training.
For a text about none of the topics, no label is right. Two files in the run's folder are for the bake:
`best/metrics.json`, with the temperature and the validation figures, and `headlines.txt`, with the texts to compare the
int8 model on: those of the rows to choose by, and of a small file's training rows as well.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from modeling import training_packages  # noqa: F401  # first: it says what to install

# isort: split

import numpy as np
from numpy.typing import NDArray

from agnews.cli.evaluation.metrics import HIGH_SCORE, auroc, calibration_error, reliability_bins
from agnews.model.classifier import softmax
from modeling.bake import DEFAULT_LENGTH, PARITY_TEXTS
from modeling.classifiers import TextClassifier, load, logits_of
from modeling.data import Data
from modeling.errors import exit_on_error
from modeling.recipe import check_rows
from modeling.rows import Row, View, rows_by_view
from modeling.run_folder import HEADLINES, METRICS
from modeling.train import add_data_options, data_of
from modeling.validation import out_of_scope_texts

CANDIDATES = np.geomspace(0.25, 4, 557, dtype=np.float32)
"""Temperatures to choose from, each 0.5% above the one before."""
OUT_OF_SCOPE_SHARE = 0.2
"""How much of what is classified is assumed to be about none of the topics."""


class Measured(NamedTuple):
    """One view of one data set's rows to choose by."""

    view: View | None
    """None: rows about none of the topics."""
    texts: list[str]
    logits: NDArray[np.float32]
    """[len(texts), labels]."""
    labels: NDArray[np.int64]
    """[len(texts)]; -1 for none of the topics."""


def temperature(parts: Sequence[Measured]) -> float:
    """Return the one of CANDIDATES with the least log loss (temperature scaling, Guo et al. 2017).

    Parts out of scope together count OUT_OF_SCOPE_SHARE, where there are any. The parts of each kind count the same,
    whatever their number of rows.
    """
    kinds = [[part for part in parts if part.view], [part for part in parts if not part.view]]
    shares = (1 - OUT_OF_SCOPE_SHARE, OUT_OF_SCOPE_SHARE)

    def loss(value: np.float32) -> float:
        losses = [[log_loss(part.logits / value, part.labels) for part in kind] or [0.0] for kind in kinds]
        return sum(share * fmean(kind) for share, kind in zip(shares, losses, strict=True))

    return round(float(min(CANDIDATES, key=loss)), 4)


def log_loss(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the mean over texts, in nats, of -log(score) where the label is right, else of -log(1 - score)."""
    score = softmax(logits).max(axis=1)
    right = logits.argmax(axis=1) == labels
    return float(-np.log(np.where(right, score, 1 - score) + 1e-9).mean())


def negative_log_likelihood(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Return the mean over texts, in nats."""
    return float(-np.log(softmax(logits)[np.arange(len(labels)), labels] + 1e-12).mean())


def measured(classifier: TextClassifier, rows: Sequence[Row]) -> list[Measured]:
    """Return the logits of `rows` by view, and last those of the rows about none of the topics, if there are any."""
    parts = []
    for view, part in rows_by_view(rows).items():
        texts, labels = [row.views[view] for row in part], np.array([row.label for row in part], dtype=np.int64)
        parts.append(Measured(view, texts, logits_of(classifier, texts).numpy(), labels))
    texts = out_of_scope_texts(rows)
    if texts:
        parts.append(Measured(None, texts, logits_of(classifier, texts).numpy(), np.full(len(texts), -1)))
    return parts


def figures(parts: Sequence[Measured], divisor: float) -> dict[str, dict[str, float]]:
    """Return the validation figures of one data set's parts, by view, at the temperature `divisor`.

    Accuracy, expected calibration error and negative log-likelihood in nats of texts with a topic; for those without,
    AUROC of the score (against the first view, where one is measured), and the share that scores HIGH_SCORE or more.
    """
    by_view: dict[str, dict[str, float]] = {}
    scores = [softmax(part.logits / np.float32(divisor)).max(axis=1) for part in parts]
    inside = [score for part, score in zip(parts, scores, strict=True) if part.view]
    for part, score in zip(parts, scores, strict=True):
        right = part.logits.argmax(1) == part.labels
        if part.view is None:
            area = {"auroc": auroc(inside[0], score)} if inside else {}
            by_view["out_of_scope"] = area | {"high": float((score >= HIGH_SCORE).mean())}
        else:
            by_view[part.view] = {
                "accuracy": float(right.mean()),
                "ece": calibration_error(reliability_bins(score, right)),
                "nll": negative_log_likelihood(part.logits / np.float32(divisor), part.labels),
            }
    rows = [len(part.texts) for part in parts]
    return {
        view: {"rows": count, **{name: round(value, 4) for name, value in values.items()}}
        for (view, values), count in zip(by_view.items(), rows, strict=True)
    }


def calibrate(data: Sequence[Data], run: Path) -> dict[str, object]:
    """Write `best/metrics.json` and `headlines.txt` in `run` and return the metrics."""
    classifier = load(run / "best", DEFAULT_LENGTH, "cpu")
    by_name = {source.name: measured(classifier, source.validation) for source in data}
    parts = [part for parts in by_name.values() for part in parts]
    divisor = temperature(parts)
    validation = {name: figures(parts, divisor) for name, parts in by_name.items()}
    metrics: dict[str, object] = {"temperature": divisor, "validation": validation}
    (run / "best" / METRICS).write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
    texts = [text for part in parts for text in part.texts]
    more = [next(iter(row.views.values())) for source in data if source.is_file for row in source.training]
    texts += more[: max(0, PARITY_TEXTS - len(texts))]
    (run / HEADLINES).write_text("".join(f"{' '.join(text.split())}\n" for text in texts), encoding="utf-8")
    return metrics


@exit_on_error()
def main() -> None:
    """Run the command line that the module's docstring describes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_data_options(parser)
    parser.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="the folder of the training")
    arguments = parser.parse_args()
    data = data_of(arguments)
    check_rows(arguments.run, data)
    print(json.dumps(calibrate(data, arguments.run), indent=2))


if __name__ == "__main__":
    main()
