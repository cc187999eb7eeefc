"""Lists in batches of similar length, which keeps padding small; several contenders share it."""

from collections.abc import Callable, Sequence
from typing import Any

Classify = Callable[[list[str]], Sequence[Any]]


def sorted_batches(texts: list[str], size: int, classify: Classify) -> list[Any]:
    """Return `classify`'s answers in the texts' order, computed in batches of `size` texts of similar length."""
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    answers: list[Any] = [None] * len(texts)
    for start in range(0, len(order), size):
        group = order[start : start + size]
        for index, prediction in zip(group, classify([texts[index] for index in group]), strict=True):
            answers[index] = prediction
    return answers


def answer(event: dict[str, Any], classify: Classify) -> Any:
    """Return a handler's answer to {"text"} or to {"texts", "batch_size"}."""
    if "texts" in event:
        return {"predictions": sorted_batches(event["texts"], event["batch_size"], classify)}
    return classify([event["text"]])[0]
