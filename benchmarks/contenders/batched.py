"""transformers' pipeline with inputs sorted by length and a batch size."""

import os
from typing import Any

from transformers import pipeline

from benchmarks.contenders.batches import answer

CLASSIFIER = pipeline("text-classification", model=os.environ["BENCHMARK_MODEL"])


def classify(texts: list[str]) -> list[Any]:
    """Return one {"label", "score"} per text, all computed in one batch."""
    answers: list[Any] = CLASSIFIER(texts, batch_size=len(texts))
    return answers


def lambda_handler(event: dict[str, Any], context: object) -> Any:  # noqa: ARG001 (Lambda's signature)
    """Return one {"label", "score"}, or {"predictions": […]} for a list, whose event names the batch size."""
    return answer(event, classify)
