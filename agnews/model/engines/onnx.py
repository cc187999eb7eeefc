"""The int8 engine: ONNX Runtime on the graph that was fused, quantised and optimised at bake time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort

from agnews.errors import ModelError
from agnews.labels import LABELS
from agnews.model.checkpoint import REMEDY, Checkpoint
from agnews.settings import EngineName

if TYPE_CHECKING:
    from numpy.typing import NDArray

INPUTS = ["input_ids"]
OUTPUT = "logits"


SPIN_US = 1000
"""How long a thread that waits for its part of a run keeps its CPU: bounded, as Lambda credits CPU time."""


class OnnxEngine:
    """A session for a text that comes alone, spread over two threads, and one of single-threaded runs for lists.

    Concurrent callers of the latter beat threads within a run (results/speed/threads.json). Both map the same file, but
    each packs its own copy of what ONNX Runtime packs. The second is made while the first text is already being
    answered; a list waits for it. The graph has no padding mask, so the texts of one run have the same length.
    """

    name: EngineName = "onnx"
    most_tokens = 256
    """A longer run is hardly faster (results/speed/threads.json), and delays the next look at the deadline."""
    pads = False

    def __init__(self, checkpoint: Checkpoint, workers: int) -> None:
        self.threads = workers
        path = checkpoint.path("model.onnx")
        self._spread = session(path, min(workers, 2))
        pool = ThreadPoolExecutor(1)
        self._single = pool.submit(session, path) if workers > 1 else None
        pool.shutdown(wait=False)

    def logits(self, ids: Sequence[list[int]], alone: bool) -> "NDArray[np.float32]":
        """Float32 [len(ids), 4] for texts of one length."""
        return run(self._spread if alone or self._single is None else self._single.result(), ids)


def run(model: ort.InferenceSession, ids: Sequence[list[int]]) -> "NDArray[np.float32]":
    """Float32 [len(ids), 4] logits of texts of one length."""
    found: NDArray[np.float32] = model.run([OUTPUT], {INPUTS[0]: np.array(ids, dtype=np.int64)})[0]
    return found


def run_each(model: ort.InferenceSession, ids: Sequence[list[int]]) -> "NDArray[np.float32]":
    """Float32 [len(ids), 4] logits of texts, each alone in its run."""
    return np.concatenate([run(model, [row]) for row in ids])


def session(path: Path, threads: int = 1) -> ort.InferenceSession:
    """A CPU session with `threads` to a run. Raises ModelError unless it maps `input_ids` to `logits` [batch, 4]."""
    options = ort.SessionOptions()
    # Threads given explicitly: else ORT pins threads to CPUs that Lambda does not show, and logs errors.
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_US))
    # Extended fusions were made at bake time; doing them again would only cost start time.
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    try:
        loaded = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library raises classes of its own that share only Exception
        raise ModelError(f"ONNX Runtime {ort.__version__} cannot load {path} ({error}); {REMEDY}") from error
    inputs = [value.name for value in loaded.get_inputs()]
    outputs = {value.name: value.shape for value in loaded.get_outputs()}
    if inputs != INPUTS or outputs.get(OUTPUT, [None])[-1] != len(LABELS):
        raise ModelError(f"{path} maps {inputs} to {outputs}; expected {INPUTS} to {OUTPUT} [batch, 4]; bake it again")
    return loaded
