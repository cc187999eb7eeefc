"""Training a float32 model by a bfloat16 copy of it: forward and backward on the copy, the update on the original."""

import copy
from collections.abc import Callable

import torch
from torch import Tensor
from transformers import PreTrainedModel


class Halved:
    """A model's bfloat16 copy. Autocast would convert weights and activations anew in each step."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.copy = copy.deepcopy(model).bfloat16()
        self._weights = [value for value in model.parameters() if value.requires_grad]
        self._copies = [value for value in self.copy.parameters() if value.requires_grad]

    def logits(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Float32 [batch, 4] of ids and mask [batch, length], in training mode."""
        self.copy.train()
        found: Tensor = self.copy(input_ids=ids, attention_mask=mask).logits
        return found.float()

    def update(self, loss: Tensor, step: Callable[[], object]) -> None:
        """Backward on the copy; its gradients go to the model, `step` changes that, and the copy is rounded from it."""
        for halved in self._copies:
            halved.grad = None
        loss.backward()
        for weight, halved in zip(self._weights, self._copies, strict=True):
            assert halved.grad is not None
            weight.grad = halved.grad.float()
        step()
        with torch.no_grad():
            for weight, halved in zip(self._weights, self._copies, strict=True):
                halved.copy_(weight)
