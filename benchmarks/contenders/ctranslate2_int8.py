"""CTranslate2: its int8 encoder, and the classifier's two small layers in numpy, as it converts none."""

import os
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
from numpy.typing import NDArray

from benchmarks.contenders.batches import answer
from benchmarks.contenders.scores import labels_of, padded, predictions, tokenizer_of

CHECKPOINT, CONVERTED = Path(os.environ["AGNEWS_MODEL_DIR"]), Path(os.environ["BENCHMARK_MODEL"])
TOKENIZER, LABELS = tokenizer_of(CHECKPOINT), labels_of(CHECKPOINT)
ENCODER = ctranslate2.Encoder(str(CONVERTED), compute_type="int8", intra_threads=int(os.environ["BENCHMARK_THREADS"]))
HEAD: dict[str, NDArray[np.float32]] = dict(np.load(CONVERTED / "head.npz"))


def classify(texts: list[str]) -> list[Any]:
    """Return one {"label", "score"} per text, all computed in one batch."""
    ids, mask = padded(TOKENIZER, texts)
    rows = [row[: int(length)].tolist() for row, length in zip(ids, mask.sum(axis=1), strict=True)]
    first = np.array(ENCODER.forward_batch(rows).last_hidden_state)[:, 0]
    hidden = np.maximum(first @ HEAD["pre_classifier.weight"].T + HEAD["pre_classifier.bias"], 0)
    return predictions(hidden @ HEAD["classifier.weight"].T + HEAD["classifier.bias"], LABELS)


def lambda_handler(event: dict[str, Any], context: object) -> Any:  # noqa: ARG001 (Lambda's signature)
    """Return one {"label", "score"}, or {"predictions": […]} for a list, whose event names the batch size."""
    return answer(event, classify)
