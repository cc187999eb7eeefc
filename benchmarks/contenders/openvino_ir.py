"""OpenVINO on its own intermediate representation, with `tokenizers` and no transformers."""

import os
from pathlib import Path
from typing import Any

import openvino

from benchmarks.contenders.batches import answer
from benchmarks.contenders.scores import labels_of, padded, predictions, tokenizer_of

CHECKPOINT = Path(os.environ["AGNEWS_MODEL_DIR"])
TOKENIZER, LABELS = tokenizer_of(CHECKPOINT), labels_of(CHECKPOINT)
MODEL = openvino.Core().compile_model(
    Path(os.environ["BENCHMARK_MODEL"], "model.xml"),
    "CPU",
    {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": int(os.environ["BENCHMARK_THREADS"])},
)


def classify(texts: list[str]) -> list[Any]:
    """Return one {"label", "score"} per text, all computed in one batch."""
    ids, mask = padded(TOKENIZER, texts)
    return predictions(MODEL({"input_ids": ids, "attention_mask": mask})[0], LABELS)


def lambda_handler(event: dict[str, Any], context: object) -> Any:  # noqa: ARG001 (Lambda's signature)
    """Return one {"label", "score"}, or {"predictions": […]} for a list, whose event names the batch size."""
    return answer(event, classify)
