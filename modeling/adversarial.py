"""Training on the worst nearby embeddings (the fast gradient method of Miyato et al. 2017)."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from transformers import PreTrainedModel


@contextmanager
def perturbed(model: PreTrainedModel, size: float) -> Iterator[None]:
    """The word embeddings meanwhile moved by `size` (L2 norm of the whole move) along their gradient."""
    words = model.get_input_embeddings().weight
    before = words.detach().clone()
    with torch.no_grad():
        words.add_(words.grad, alpha=size / (float(words.grad.norm()) + 1e-12))
    yield
    with torch.no_grad():
        words.copy_(before)
