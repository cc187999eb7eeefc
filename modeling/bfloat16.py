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
        self._originals = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._copies = [parameter for parameter in self.model.parameters() if parameter.requires_grad]

    def update(self, loss: Tensor, step: Callable[[], object]) -> None:
        """Run backward on the copy, move its gradients to the model, update that by `step`, and copy it anew."""
        loss.backward()
        for original, copied in zip(self._originals, self._copies, strict=True):
            assert copied.grad is not None
            original.grad, copied.grad = copied.grad.float(), None
        step()
        self.refresh()

    @torch.no_grad()
    def refresh(self) -> None:
        """Round the model's weights into the copy."""
        for original, copied in zip(self._originals, self._copies, strict=True):
            copied.copy_(original)
