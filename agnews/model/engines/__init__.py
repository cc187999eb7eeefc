"""Engines turn token ids into logits. The rest (softmax, labels, batching, truncation) is the classifier's."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from agnews.model.checkpoint import Checkpoint
from agnews.settings import EngineName

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Engine(Protocol):
    """A loaded model. Safe to call from several threads."""

    name: EngineName
    max_tokens: int
    """Maximum number of tokens in one call, including padding."""
    pads: bool
    """Whether the texts of one call may differ in length."""
    threads: int
    """Number of concurrent calls that pays off: 1 if the engine spreads one call over the CPUs."""

    def logits(self, ids: Sequence[list[int]], alone: bool, /) -> "NDArray[np.float32]":
        """Return logits, float32 [len(ids), labels], for token ids of texts. Columns are in the checkpoint's order.

        `alone`: no other call runs at the same time, so this one may use several CPUs.
        """
        ...


Loader = Callable[[Checkpoint, int], Engine]
"""Makes an engine from a checkpoint and a number of workers."""


def import_onnx() -> Loader:
    """Import ONNX Runtime and return the loader of the int8 engine."""
    from agnews.model.engines.onnx import OnnxEngine

    return OnnxEngine


def import_pipeline() -> Loader:
    """Import torch and transformers and return the loader of the reference engine."""
    from agnews.model.engines.pipeline import PipelineEngine

    return PipelineEngine


IMPORTS: dict[EngineName, Callable[[], Loader]] = {"onnx": import_onnx, "pipeline": import_pipeline}
"""The function that imports each engine's library and returns its loader."""
