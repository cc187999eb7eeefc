"""The obvious handler: transformers' pipeline at module level, called on the list, as tutorials do."""

import os
from typing import Any

from transformers import pipeline

CLASSIFIER = pipeline("text-classification", model=os.environ["BENCHMARK_MODEL"])


def lambda_handler(event: dict[str, Any], context: object) -> Any:  # noqa: ARG001 (Lambda's signature)
    """Return one {"label", "score"}, or {"predictions": […]} for a list."""
    if "texts" in event:
        return {"predictions": CLASSIFIER(event["texts"])}
    return CLASSIFIER(event["text"])[0]
