"""Token ids in, logits out, as training computes them."""

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedModel


def padded(ids: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Ids and attention mask [len(ids), longest], int64."""
    length = max(map(len, ids))
    filled = torch.tensor([[*row] + [0] * (length - len(row)) for row in ids])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in ids])
    return filled, mask


def forward(model: PreTrainedModel, ids: Tensor, mask: Tensor) -> Tensor:
    """Logits [batch, 4] in float32, computed under bfloat16 autocast."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits: Tensor = model(input_ids=ids, attention_mask=mask).logits
    return logits.float()
