"""Training a float32 model by a copy of it: forward and backward on the copy, the update on the original.

The copy is in bfloat16 where that is faster: on a GPU, or a CPU with AMX. Autocast would convert weights and
activations anew in each step, which costs more there.
"""

import copy
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedModel


def fast_type(device: torch.device) -> torch.dtype:
    """Return bfloat16 where it is faster than float32, else float32."""
    try:
        has_amx = "amx_bf16" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # no Linux
        has_amx = False
    return torch.bfloat16 if device.type != "cpu" or has_amx else torch.float32


class FastCopy:
    """The copy of one model, kept equal to it."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model: PreTrainedModel = copy.deepcopy(model)
        self.model.to(fast_type(model.device))  # type: ignore[arg-type]  # as in modeling.classifiers
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
