"""Engines turn token ids into logits; softmax, labels, batching and truncation exist once, above them."""

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
    most_tokens: int
    """Tokens that one call should get at the most, padding included."""
    pads: bool
    """Whether the texts of a call may differ in length."""
    threads: int
    """Calls worth making at once: 1 where the engine spreads a call over the CPUs by itself."""

    def logits(self, ids: Sequence[list[int]], alone: bool, /) -> "NDArray[np.float32]":
        """Float32 [len(ids), 4], columns in LABELS' order, for texts' token ids.

        `alone` says that no other call is made meanwhile, so that this one may use several CPUs.
        """
        ...


Loader = Callable[[Checkpoint, int], Engine]
"""Makes an engine of a checkpoint, for that many workers."""


def import_onnx() -> Loader:
    """The int8 engine: ONNX Runtime."""
    from agnews.model.engines.onnx import OnnxEngine

    return OnnxEngine


def import_pipeline() -> Loader:
    """The reference engine: transformers and torch."""
    from agnews.model.engines.pipeline import PipelineEngine

    return PipelineEngine


IMPORTS: dict[EngineName, Callable[[], Loader]] = {"onnx": import_onnx, "pipeline": import_pipeline}
"""Each imports its engine's library."""
