"""Rows as batches of token ids and the scores to learn."""

import random
from collections.abc import Sequence

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from agnews.labels import LABELS
from modeling.data import Row, View
from modeling.forward import padded
from modeling.soft_labels import SoftLabels

Batch = tuple[Tensor, Tensor, Tensor]
"""Token ids [batch, length] and attention mask [batch, length], int64; target scores [batch, 4], float32."""


def targets(rows: Sequence[Row], views: Sequence[View], taught: float, soft_labels: SoftLabels | None) -> Tensor:
    """Scores [len(rows), 4] to learn: the label's, or, to the share `taught`, the teacher's where it was asked."""
    goals = functional.one_hot(torch.tensor([row.label for row in rows]), len(LABELS)).float()
    for goal, row, view in zip(goals, rows, views, strict=True):
        said = soft_labels.of(row, view) if soft_labels else None
        if said is not None:
            goal.lerp_(said, taught)
    return goals


def batches(
    texts: Sequence[str], goals: Tensor, tokenizer: Tokenizer, size: int, shuffle: random.Random | None = None
) -> list[Batch]:
    """Batches of texts of similar length, so little is padding; with `shuffle`, in random order and mixed anew."""
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    jitter = shuffle.random if shuffle else lambda: 0.0
    order = sorted(range(len(texts)), key=lambda i: len(encoded[i]) + 4 * jitter())
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    if shuffle:
        shuffle.shuffle(groups)
    return [(*padded([encoded[i] for i in group]), goals[group]) for group in groups]


def hide(found: Sequence[Batch], share: float, mask_token: int, draw: torch.Generator) -> None:
    """Puts `mask_token` in place of tokens, all but the first: of each text a share of its own, `share` on average."""
    for ids, mask, _ in found:
        shares = torch.rand(len(ids), 1, generator=draw) * 2 * share
        hidden = (torch.rand(ids.shape, generator=draw) < shares) & (mask == 1)
        hidden[:, 0] = False
        ids[hidden] = mask_token
