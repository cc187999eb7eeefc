"""The int8 engine: ONNX Runtime on the graph that was fused, quantised and optimised at bake time."""

import os
from collections.abc import Sequence
from pathlib import Path

# Before the import: it writes a device id below HOME and looks up Microsoft's collector, in Lambda, too.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from agnews.checkpoint import REMEDY, Checkpoint
from agnews.errors import ModelError
from agnews.labels import LABELS
from agnews.settings import EngineName

INPUTS = ["input_ids"]
OUTPUT = "logits"


class OnnxEngine:
    """One session with single-threaded runs, shared by `workers` callers.

    One text per run: dynamic quantisation scales activations over a whole run, so a headline's score would
    depend on its neighbours, and there is no padding to compute. Workers over single-threaded runs also beat
    intra-op threads on lists (results/threads.json).
    """

    name: EngineName = "onnx"
    batch_size = 1

    def __init__(self, checkpoint: Checkpoint, workers: int) -> None:
        self.threads = workers
        self._session = session(checkpoint.path("model.onnx"))

    def logits(self, ids: Sequence[list[int]]) -> NDArray[np.float32]:
        """Float32 [len(ids), 4]; each text is a run of its own."""
        return run_each(self._session, ids)


def run_each(model: ort.InferenceSession, ids: Sequence[list[int]]) -> NDArray[np.float32]:
    """Float32 [len(ids), 4] logits of texts, each alone in its run."""
    runs: list[NDArray[np.float32]] = [
        model.run([OUTPUT], {"input_ids": np.array([row], dtype=np.int64)})[0] for row in ids
    ]
    return np.concatenate(runs)


def session(path: Path, threads: int = 1) -> ort.InferenceSession:
    """A CPU session with `threads` to a run. Raises ModelError unless it maps `input_ids` to `logits` [batch, 4]."""
    options = ort.SessionOptions()
    # Threads given explicitly: else ORT pins threads to CPUs that Lambda does not show, and logs errors.
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
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
