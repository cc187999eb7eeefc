"""The int8 engine: ONNX Runtime on a graph that was fused, quantised and optimised at bake time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort

from agnews.errors import ModelError
from agnews.model.checkpoint import MANIFEST, Checkpoint, remedy
from agnews.settings import EngineName

if TYPE_CHECKING:
    from numpy.typing import NDArray

INPUTS = ["input_ids"]
OUTPUT = "logits"
SPIN_US = 1000
"""Microseconds that a waiting thread keeps its CPU: limited, because Lambda counts them as CPU time."""


class OnnxEngine:
    """Two sessions: one with two threads per run for a single text, one with single-threaded runs for lists.

    For lists, concurrent single-threaded runs are faster than threads within a run (results/speed/threads.json). Both
    sessions map the same file, but each has its own copy of what ONNX Runtime packs. The second one is created in the
    background, so only a list waits for it. The graph has no padding mask: the texts of one run have the same length.
    """

    name: EngineName = "onnx"
    max_tokens = 256
    """Longer runs are hardly faster (results/speed/threads.json) and delay the next check of the deadline."""
    pads = False

    def __init__(self, checkpoint: Checkpoint, workers: int) -> None:
        self.threads = workers
        path = checkpoint.path("model.onnx")
        self._spread = session(path, min(workers, 2))
        outputs, labels = self._spread.get_outputs()[0].shape[-1], len(checkpoint.labels)
        if outputs != labels:
            raise ModelError(f"{path} has {outputs} outputs and {MANIFEST} {labels} labels; bake the checkpoint again")
        pool = ThreadPoolExecutor(1)
        self._single = pool.submit(session, path) if workers > 1 else None
        pool.shutdown(wait=False)

    def logits(self, ids: Sequence[list[int]], alone: bool) -> "NDArray[np.float32]":
        """Return logits, float32 [len(ids), labels], for texts of one length."""
        return run(self._spread if alone or self._single is None else self._single.result(), ids)


def run(model: ort.InferenceSession, ids: Sequence[list[int]]) -> "NDArray[np.float32]":
    """Return logits, float32 [len(ids), labels], for texts of one length, from one run."""
    logits: NDArray[np.float32] = model.run([OUTPUT], {INPUTS[0]: np.array(ids, dtype=np.int64)})[0]
    return logits


def run_each(model: ort.InferenceSession, ids: Sequence[list[int]]) -> "NDArray[np.float32]":
    """Return logits, float32 [len(ids), labels], for texts of any lengths, from one run each."""
    return np.concatenate([run(model, [row]) for row in ids])


def session(path: Path, threads: int = 1) -> ort.InferenceSession:
    """Return a CPU session with `threads` threads per run.

    Raises:
        ModelError: the file is not a model, or does not map `input_ids` to `logits`.
    """
    options = ort.SessionOptions()
    # With a default number of threads, ORT pins them to CPUs that Lambda does not show, and logs errors.
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(SPIN_US))
    # The graph was optimised at bake time; doing it again would only slow down the start.
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    # With it, ORT would keep a plan of the memory for each shape that it ever ran: 5 MB after 500 shapes.
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    try:
        model = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library's classes have only Exception in common
        raise ModelError(f"ONNX Runtime {ort.__version__} cannot load {path} ({error}); {remedy(error)}") from error
    inputs = [node.name for node in model.get_inputs()]
    outputs = [node.name for node in model.get_outputs()]
    if inputs != INPUTS or outputs != [OUTPUT]:
        raise ModelError(f"{path} maps {inputs} to {outputs}; expected {INPUTS} to {[OUTPUT]}; bake it again")
    return model
