"""How far a baked ONNX model is from the torch reference, text by text."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import DistilBertForSequenceClassification

from agnews.model.engines.onnx import run_each, session


@dataclass(frozen=True)
class Agreement:
    """Two engines on the same texts."""

    texts: int
    equal_labels: float
    """Share of texts that get the same label, 0 to 1."""
    mean_difference: float
    """Mean absolute difference of logits."""
    largest_difference: float


def compare(model: DistilBertForSequenceClassification, onnx_path: Path, ids: Sequence[list[int]]) -> Agreement:
    """Agreement of `onnx_path` with `model` on texts given as token ids, each alone in its run."""
    expected = reference_logits(model, ids)
    found = run_each(session(onnx_path), ids)
    difference = np.abs(found - expected)
    return Agreement(
        texts=len(ids),
        equal_labels=float((found.argmax(1) == expected.argmax(1)).mean()),
        mean_difference=float(difference.mean()),
        largest_difference=float(difference.max()),
    )


@torch.inference_mode()
def reference_logits(model: DistilBertForSequenceClassification, ids: Sequence[list[int]]) -> NDArray[np.float32]:
    """Float32 [len(ids), 4] by torch, each text alone in its run, so that no padding is involved."""
    rows = [model(input_ids=torch.tensor([row])).logits for row in ids]
    logits: NDArray[np.float32] = torch.cat(rows).numpy()
    return logits
