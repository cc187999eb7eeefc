"""Fits the temperature on held-out rows, so that scores mean what they say (Guo et al. 2017).

    python -m modeling.calibrate FOLDER_OF_CSV|OWNER/NAME --run runs/default

Writes `run/best/metrics.json`, the temperature and the validation figures that baking hands on to the manifest,
and `run/headlines.txt`, the held-out texts, for baking to compare the int8 model on.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import DistilBertForSequenceClassification

from agnews.cli.evaluation.metrics import calibration_error, reliability
from agnews.model.classifier import softmax
from modeling import data
from modeling.bake import DEFAULT_LENGTH, token_ids
from modeling.data import Row, View
from modeling.parity import reference_logits
from modeling.recipe import trained_on, weights_in


def temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """What to divide `logits` [n, 4] by for the least negative log-likelihood of `labels` [n]: 0.25 to 4, to 0.1 %."""
    candidates = np.exp(np.linspace(np.log(0.25), np.log(4.0), 2774)).astype(np.float32)
    losses = [negative_log_likelihood(logits / value, labels) for value in candidates]
    return round(float(candidates[int(np.argmin(losses))]), 4)


def negative_log_likelihood(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """Mean over texts, in nats."""
    return float(-np.log(softmax(logits)[np.arange(len(labels)), labels] + 1e-12).mean())


def logits_of(best: Path, rows: Sequence[Row]) -> dict[View, NDArray[np.float32]]:
    """For each view that the rows have: logits [len(rows), 4] of the checkpoint in `best`."""
    model = DistilBertForSequenceClassification.from_pretrained(best).eval()
    tokenizer = Tokenizer.from_file(str(best / "tokenizer.json"))
    tokenizer.enable_truncation(DEFAULT_LENGTH)
    return {
        view: reference_logits(model, token_ids(tokenizer, [row.views[view] for row in rows]))
        for view in data.views_of(rows)
    }


def figures(logits: NDArray[np.float32], labels: NDArray[np.int64], fitted: float) -> dict[str, float]:
    """Accuracy, expected calibration error with the temperature `fitted`, and log-likelihood with it and without.

    The negative log-likelihood is in nats.
    """
    right = logits.argmax(1) == labels
    score = softmax(logits / np.float32(fitted)).max(axis=1)
    return {
        "accuracy": round(float(right.mean()), 4),
        "ece": round(calibration_error(reliability(score, right)), 4),
        "nll": round(negative_log_likelihood(logits / np.float32(fitted), labels), 4),
        "nll_untempered": round(negative_log_likelihood(logits, labels), 4),
    }


def main() -> None:
    """Command line: see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--run", type=Path, default=Path("runs/default"))
    arguments = parser.parse_args()
    best = arguments.run / "best"
    _, validation = trained_on(arguments.run, arguments.data)
    weights_in(best)
    labels = np.array([row.label for row in validation])
    logits = logits_of(best, validation)
    fitted = temperature(np.concatenate(list(logits.values())), np.tile(labels, len(logits)))
    validated: dict[str, object] = {view: figures(values, labels, fitted) for view, values in logits.items()}
    metrics = {"temperature": fitted, "validation": {"rows": len(validation)} | validated}
    (best / "metrics.json").write_text(json.dumps(metrics, indent=2) + "\n")
    texts = [" ".join(row.views[view].split()) for view in logits for row in validation]
    (arguments.run / "headlines.txt").write_text("\n".join(texts) + "\n", encoding="utf-8")
    print(json.dumps(metrics, indent=2))


if __name__ == "__main__":
    main()
