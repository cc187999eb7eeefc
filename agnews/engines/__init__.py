"""Engines turn token ids into logits; softmax, labels, batching and truncation exist once, above them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from agnews.checkpoint import Checkpoint
from agnews.settings import EngineName

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Engine(Protocol):
    """A loaded model. Safe to call from several threads."""

    name: EngineName
    batch_size: int
    """Texts that one call should get, at the most."""
    threads: int
    """Calls worth making at once: 1 where the engine spreads a call over the CPUs by itself."""

    def logits(self, ids: Sequence[list[int]]) -> "NDArray[np.float32]":
        """Float32 [len(ids), 4], columns in LABELS' order, for up to `batch_size` texts' token ids."""
        ...


def load_onnx(checkpoint: Checkpoint, workers: int) -> Engine:
    """The int8 engine: ONNX Runtime, one text per run."""
    from agnews.engines.onnx import OnnxEngine

    return OnnxEngine(checkpoint, workers)


def load_pipeline(checkpoint: Checkpoint, workers: int) -> Engine:
    """The reference engine: transformers and torch."""
    from agnews.engines.pipeline import PipelineEngine

    return PipelineEngine(checkpoint, workers)


LOADERS: dict[EngineName, Callable[[Checkpoint, int], Engine]] = {"onnx": load_onnx, "pipeline": load_pipeline}
