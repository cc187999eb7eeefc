"""optimum: ONNX Runtime behind transformers' pipeline, as in optimum's documentation."""

import os
from pathlib import Path
from typing import Any

import onnxruntime
from optimum.onnxruntime import ORTModelForSequenceClassification
from transformers import AutoTokenizer, pipeline

from benchmarks.contenders.batches import answer

FOLDER = os.environ["BENCHMARK_MODEL"]
OPTIONS = onnxruntime.SessionOptions()
OPTIONS.intra_op_num_threads = int(os.environ["BENCHMARK_THREADS"])
(GRAPH,) = Path(FOLDER).glob("*.onnx")
MODEL = ORTModelForSequenceClassification.from_pretrained(FOLDER, file_name=GRAPH.name, session_options=OPTIONS)
TOKENIZER = AutoTokenizer.from_pretrained(FOLDER)  # nosec B615 # local
CLASSIFIER = pipeline("text-classification", model=MODEL, tokenizer=TOKENIZER)


def classify(texts: list[str]) -> list[Any]:
    """Return one {"label", "score"} per text, all computed in one batch."""
    answers: list[Any] = CLASSIFIER(texts, batch_size=len(texts))
    return answers


def lambda_handler(event: dict[str, Any], context: object) -> Any:  # noqa: ARG001 (Lambda's signature)
    """Return one {"label", "score"}, or {"predictions": […]} for a list, whose event names the batch size."""
    return answer(event, classify)
