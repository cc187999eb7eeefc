"""Measure what smoothing and scales by token gain and cost: agreement with torch and speed, on held-out AG News rows.

python -m benchmarks.quantisation FOLDER_OF_CSV|OWNER/NAME [--rows 2000]
"""

import argparse
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from transformers import PreTrainedModel

from agnews.model.engines.onnx import run_each, session
from agnews.settings import Settings
from benchmarks.record import record
from modeling import reference
from modeling.bake import CALIBRATION_TEXTS, DEFAULT_LENGTH
from modeling.data import read
from modeling.errors import exit_on_error
from modeling.export import Quantisation, export
from modeling.headlines import headlines
from modeling.parity import reference_logits, token_ids
from modeling.rows import Row, View

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

VIEWS: tuple[View, ...] = ("title", "full")
ROUNDS = 9
SPEED_TEXTS = 300

VARIANTS = {
    "plain, by run": Quantisation(smooth=False, by_run=True),
    "smoothed, by run": Quantisation(by_run=True),
    "plain, by token": Quantisation(smooth=False),
    "smoothed, by token (baked)": Quantisation(),
}


@exit_on_error()
def main() -> None:
    """Run the command line that the module's docstring describes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--rows", type=int, default=2000)
    arguments = parser.parse_args()
    validation = [row for row in read(arguments.data).validation if row.label is not None]
    figures = compared(validation[:: -(-len(validation) // arguments.rows)])
    print(record("quantisation", figures))


def compared(rows: Sequence[Row]) -> dict[str, Any]:
    """Return torch's accuracy on the rows, by view, and each variant's agreement and speed."""
    source = reference.read(Settings().model_dir)
    source.tokenizer.enable_truncation(DEFAULT_LENGTH)
    calibration = token_ids(source.tokenizer, headlines(CALIBRATION_TEXTS, seed=1))
    views = [view for view in VIEWS if all(view in row.views for row in rows)]
    ids = {view: token_ids(source.tokenizer, [row.views[view] for row in rows]) for view in views}
    expected = {view: reference_logits(source.model, texts) for view, texts in ids.items()}
    labels = np.array([row.label for row in rows])
    with tempfile.TemporaryDirectory() as folder:
        models = {name: built(source.model, calibration, VARIANTS[name], Path(folder)) for name in VARIANTS}
    variants = {
        name: {view: agreement(model, ids[view], expected[view], labels) for view in ids}
        for name, model in models.items()
    }
    for view, texts in ids.items():
        for name, rate in rates(models, texts[:SPEED_TEXTS]).items():
            variants[name][view]["texts_per_s"] = rate
    accuracy = {view: float((logits.argmax(1) == labels).mean()) for view, logits in expected.items()}
    return {"rows": len(rows), "threads": 1, "torch_accuracy": accuracy, "variants": variants}


def built(
    model: PreTrainedModel, calibration: Sequence[list[int]], how: Quantisation, folder: Path
) -> "InferenceSession":
    """Return the int8 model, quantised as `how` says, on one thread."""
    path = folder / "model.onnx"
    path.write_bytes(export(model, DEFAULT_LENGTH, calibration, how).SerializeToString())
    return session(path)


def agreement(
    model: "InferenceSession", ids: list[list[int]], expected: NDArray[np.float32], labels: NDArray[np.int64]
) -> dict[str, float]:
    """Compare the model with torch's logits and the true labels."""
    logits = run_each(model, ids)
    return {
        "equal_labels": float((logits.argmax(1) == expected.argmax(1)).mean()),
        "accuracy": float((logits.argmax(1) == labels).mean()),
        "mean_difference": float(np.abs(logits - expected).mean()),
        "largest_difference": float(np.abs(logits - expected).max()),
    }


def rates(models: "dict[str, InferenceSession]", ids: list[list[int]]) -> dict[str, float]:
    """Return texts per second of each model, medians of rounds in which they take turns."""
    seconds_of: dict[str, list[float]] = {name: [] for name in models}
    for _ in range(ROUNDS):
        for name, model in models.items():
            start = time.perf_counter()
            run_each(model, ids)
            seconds_of[name].append(time.perf_counter() - start)
    return {name: len(ids) / median(seconds) for name, seconds in seconds_of.items()}


if __name__ == "__main__":
    main()
