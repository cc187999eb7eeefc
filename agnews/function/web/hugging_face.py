"""Hugging Face's protocol for text classification: `{"inputs": …, "parameters": …}`, answered with labels and scores.

Its clients (`huggingface_hub.InferenceClient`, `@huggingface/inference`) send it to the root of a server's URL.
"""

from collections.abc import Mapping
from typing import Any

from agnews import errors
from agnews.api.options import option_values
from agnews.api.values import Json, describe_value
from agnews.errors import InputError


def event_of(body: Json, label_count: int) -> dict[str, Json]:
    """Return the direct request for a request in this protocol, which asks for all scores unless it has a `top_k`.

    Raises:
        InputError: it has no `inputs`, or an option that these answers have no place for.
    """
    if not isinstance(body, dict) or body.get("inputs") is None:
        expected = 'expected {"inputs": "one headline"} or {"inputs": [...]}, optionally with "parameters"'
        raise InputError(f"{expected}; POST other requests to /classify. Found {describe_value(body)}")
    inputs = body["inputs"]
    options = option_values(body)
    for name in options:
        if name != "top_k":
            raise InputError(f"{name!r} is an option of /classify; leave it out, or POST to /classify")
    return {"texts": inputs if isinstance(inputs, list) else [inputs], "top_k": options.get("top_k", label_count)}


def answer_of(reply: Mapping[str, Any]) -> list[list[dict[str, str | float]]]:
    """Return, for each text in order, its labels and scores, the best first.

    Raises:
        AgNewsError: a text could not be classified; these answers have no place for that.
    """
    for number, prediction in enumerate(reply["predictions"]):
        if "error" in prediction:
            error = prediction["error"]
            raise getattr(errors, error["type"])(f"inputs[{number}]: {error['message']}")
    return [
        [{"label": label, "score": score} for label, score in _scores(prediction).items()]
        for prediction in reply["predictions"]
    ]


def _scores(prediction: Mapping[str, Any]) -> Mapping[str, float]:
    """Return the scores by label; a `top_k` of 1 lists only the prediction itself."""
    scores: Mapping[str, float] = prediction.get("scores") or {prediction["label"]: prediction["score"]}
    return scores
