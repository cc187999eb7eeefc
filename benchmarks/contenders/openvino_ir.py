"""OpenVINO on its own intermediate representation, with `tokenizers` and no transformers.

A list runs in one stream of one thread for each CPU, texts of one length together; a single text has all threads. What
OpenVINO compiles is kept beside the model, so a later start reads it instead of compiling again.
"""

import os
from collections.abc import Iterable
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from benchmarks.contenders.scores import labels_of, predictions, tokenizer_of

CHECKPOINT, CONVERTED = Path(os.environ["AGNEWS_MODEL_DIR"]), Path(os.environ["BENCHMARK_MODEL"])
THREADS = int(os.environ["BENCHMARK_THREADS"])
TOKENIZER, LABELS = tokenizer_of(CHECKPOINT), labels_of(CHECKPOINT)
TOKENIZER.no_padding()
CORE = openvino.Core()
CORE.set_property({"CACHE_DIR": str(CONVERTED / "cache")})


def compiled(**hints: Any) -> openvino.CompiledModel:
    """Return the model compiled for these hints."""
    return CORE.compile_model(CONVERTED / "model.xml", "CPU", {"INFERENCE_NUM_THREADS": THREADS} | hints)


SINGLE = compiled(PERFORMANCE_HINT="LATENCY")


@cache
def queue() -> openvino.AsyncInferQueue:
    """Return the streams for lists; only a list waits for them."""
    return openvino.AsyncInferQueue(compiled(PERFORMANCE_HINT="THROUGHPUT", NUM_STREAMS=THREADS), THREADS)


def inputs(rows: list[list[int]]) -> dict[str, NDArray[np.int64]]:
    """Return the model's inputs for texts of one length."""
    ids = np.array(rows, dtype=np.int64)
    return {"input_ids": ids, "attention_mask": np.ones_like(ids)}


def groups(rows: list[list[int]], most_tokens: int) -> Iterable[list[int]]:
    """Yield the indices of texts of one length, at most `most_tokens` in all, the longest first."""
    order = sorted(range(len(rows)), key=lambda index: -len(rows[index]))
    for length, same in groupby(order, key=lambda index: len(rows[index])):
        indices, size = list(same), max(1, most_tokens // length)
        yield from (indices[start : start + size] for start in range(0, len(indices), size))


def classify(texts: list[str], most_tokens: int) -> list[Any]:
    """Return one {"label", "score"} per text."""
    rows = [encoding.ids for encoding in TOKENIZER.encode_batch_fast(texts)]
    logits = np.empty((len(rows), len(LABELS)), dtype=np.float32)

    def keep(request: openvino.InferRequest, group: list[int]) -> None:
        logits[group] = request.get_output_tensor().data

    streams = queue()
    streams.set_callback(keep)
    for group in groups(rows, most_tokens):
        streams.start_async(inputs([rows[index] for index in group]), group)
    streams.wait_all()
    return predictions(logits, LABELS)


def lambda_handler(event: dict[str, Any], context: object) -> Any:  # noqa: ARG001 (Lambda's signature)
    """Return one {"label", "score"}, or {"predictions": […]} for a list, whose batch size is in tokens."""
    if "texts" in event:
        return {"predictions": classify(event["texts"], event["batch_size"])}
    return predictions(SINGLE(inputs([TOKENIZER.encode(event["text"]).ids]))[0], LABELS)[0]
