"""Training a float32 model by a bfloat16 copy of it: forward and backward on the copy, the update on the original.

Autocast would convert weights and activations anew in each step, which costs more where a CPU has AMX.
"""

import copy
from collections.abc import Callable

import torch
from torch import Tensor
from transformers import PreTrainedModel


class Bfloat16Copy:
    """The copy of one model, kept equal to it."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model: PreTrainedModel = copy.deepcopy(model).bfloat16()
        self._weights = [value for value in model.parameters() if value.requires_grad]
        self._copies = [value for value in self.model.parameters() if value.requires_grad]

    def update(self, loss: Tensor, step: Callable[[], object]) -> None:
        """Run backward on the copy, give its gradients to the model, call `step` to update that, and copy it anew."""
        for value in self._copies:
            value.grad = None
        loss.backward()
        for weight, value in zip(self._weights, self._copies, strict=True):
            assert value.grad is not None
            weight.grad = value.grad.float()
        step()
        self.refresh()

    @torch.no_grad()
    def refresh(self) -> None:
        """Round the model's weights into the copy."""
        for weight, value in zip(self._weights, self._copies, strict=True):
            value.copy_(weight)
