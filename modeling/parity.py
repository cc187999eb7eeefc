"""How an int8 model agrees with torch, and the limit below which it is not baked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import PreTrainedModel

from agnews.labels import LABELS
from agnews.model.engines.onnx import run_each, session
from modeling.errors import BakeError
from modeling.reference import Reference

LEAST_EQUAL = 0.99
"""Share of headlines that must get the reference's label (8-bit dynamic models reach 0.99, broken ones 0.9)."""
GENERATED = "generated headlines"


@dataclass(frozen=True)
class Agreement:
    """How two engines agree on the same texts."""

    texts: int
    equal_labels: float
    """Share of texts that get the same label, 0 to 1."""
    mean_difference: float
    """Mean absolute difference of logits."""
    largest_difference: float


def gate(source: Reference, path: Path, texts: Sequence[str], kind: str) -> Agreement:
    """Return how the ONNX model agrees with the reference on `texts`. Raises BakeError below LEAST_EQUAL."""
    agreement = compare(source.model, path, token_ids(source.tokenizer, texts))
    if not agreement.equal_labels >= LEAST_EQUAL:
        own = kind == GENERATED and source.labels != LABELS
        advice = "give 100 typical texts of yours or more with --headlines FILE, or bake" if own else "bake"
        raise BakeError(
            f"the int8 model gives {agreement.equal_labels:.1%} of {len(texts):,} {kind} the label that torch gives, "
            f"and at least {LEAST_EQUAL:.0%} are needed; nothing was written; {advice} this "
            "checkpoint with --engine pipeline"
        )
    return agreement


def token_ids(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Return each text's token ids, truncated as the tokenizer is set to."""
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]


def compare(model: PreTrainedModel, onnx_path: Path, ids: Sequence[list[int]]) -> Agreement:
    """Return the agreement of `onnx_path` with `model` on texts given as token ids, each alone in its run."""
    expected = reference_logits(model, ids)
    logits = run_each(session(onnx_path), ids)
    difference = np.abs(logits - expected)
    return Agreement(
        texts=len(ids),
        equal_labels=float((logits.argmax(1) == expected.argmax(1)).mean()),
        mean_difference=float(difference.mean()),
        largest_difference=float(difference.max()),
    )


@torch.inference_mode()
def reference_logits(model: PreTrainedModel, ids: Sequence[list[int]]) -> NDArray[np.float32]:
    """Return float32 logits [len(ids), labels] by torch, each text alone in its run, so that no padding is involved."""
    bar = tqdm(ids, "comparing with torch", unit=" texts", disable=None, leave=False)  # None: shown on a terminal only
    rows = [model(input_ids=torch.tensor([row])).logits for row in bar]
    logits: NDArray[np.float32] = torch.cat(rows).numpy()
    return logits
