"""Answers: predictions as builtin types, rounded here and nowhere else, within the size limit."""

import json
import math
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

from agnews.api.normalise import origins
from agnews.api.options import Options
from agnews.api.request import Item, Request
from agnews.errors import AgNewsError, AnswerSizeError, DeadlineError
from agnews.model.classifier import Classifier, Prediction
from agnews.model.explain import DIGITS, Contribution, explain
from agnews.settings import Settings

UTF_8_RUNTIMES = frozenset(f"AWS_Lambda_python3.{minor}" for minor in (12, 13, 14, 15))
"""Runtimes in which awslambdaric sends answers as UTF-8. In others it escapes non-ASCII characters: more bytes."""


class ErrorBody(TypedDict):
    """An error as JSON; `type` is the name of a class in agnews.errors."""

    type: str
    message: str


class Answer(TypedDict, total=False):
    """One prediction, or the error of one item."""

    id: str | int | float
    label: str | None
    score: float
    truncated: bool
    unfamiliar: bool
    abstained: bool
    scores: dict[str, float]
    explanation: list[Contribution] | None
    error: ErrorBody


class ModelFacts(TypedDict):
    """The checkpoint and the engine that answered."""

    source: str
    revision: str
    engine: str


Explained = tuple[Prediction | None, list[Contribution] | None]
"""A text's prediction and explanation, each None if the time ran out before it."""


class ListAnswer(TypedDict):
    """The answer to a list: `predictions` in the order of the items; `errors` counts those that are errors."""

    predictions: list[Answer]
    count: int
    errors: int
    model: ModelFacts


def answers(request: Request, classifier: Classifier, settings: Settings, deadline: float = math.inf) -> list[Answer]:
    """Return one answer per item, in order; a DeadlineError for texts not started by `deadline` (time.monotonic()).

    Raises:
        LimitError: the explanations would take more than `settings.max_texts` inferences.
    """
    if not request.options.explain:
        return batch_answers([request], classifier, deadline)[0]
    explained = _explained(request.items, classifier, settings, deadline)
    return [
        error_answer(item)
        if item.text is None
        else prediction_answer(item, next(explained), request.options, classifier.labels)
        for item in request.items
    ]


def _explained(
    items: Sequence[Item], classifier: Classifier, settings: Settings, deadline: float
) -> Iterator[Explained]:
    """Yield the prediction and the explanation of each item with a text, in the words of the text as it was sent."""
    items = [item for item in items if item.text is not None]
    explained = explain([item.text or "" for item in items], classifier, settings.max_texts, deadline)
    for item, (prediction, explanation) in zip(items, explained, strict=True):
        yield prediction, explanation and _in_sent_text(explanation, item, deadline)


def batch_answers(requests: Sequence[Request], classifier: Classifier, deadline: float) -> list[list[Answer]]:
    """Return one answer per item for each request, without explanations. All texts are classified as one list."""
    texts = [item.text for request in requests for item in request.items if item.text is not None]
    predictions = iter(classifier.classify(texts, deadline))
    return [
        [
            error_answer(item)
            if item.text is None
            else prediction_answer(item, (next(predictions), None), request.options, classifier.labels)
            for item in request.items
        ]
        for request in requests
    ]


def error_answer(item: Item) -> Answer:
    """Return the answer to an item with an error."""
    answer: Answer = {} if item.id is None else {"id": item.id}
    if item.error is not None:
        answer["error"] = error_body(item.error)
    return answer


def prediction_answer(item: Item, explained: Explained, options: Options, labels: Sequence[str]) -> Answer:
    """Return the answer to an item with a text. Without a prediction, it has a DeadlineError."""
    prediction, explanation = explained
    if prediction is None:
        return error_answer(Item(None, DeadlineError(), item.id))
    scores = prediction.scores
    score = max(scores)
    abstained = score < options.min_score
    answer: Answer = {} if item.id is None else {"id": item.id}
    answer |= {
        "label": None if abstained else labels[scores.index(score)],
        "score": round(float(score), DIGITS),
        "truncated": prediction.truncated,
    }
    if prediction.unfamiliar:
        answer["unfamiliar"] = True
    if options.min_score > 0:
        answer["abstained"] = abstained
    if options.top_k > 1:
        answer["scores"] = best_scores(scores, labels, options.top_k)
    if options.explain:
        answer["explanation"] = explanation
    return answer


def best_scores(scores: Sequence[float], labels: Sequence[str], top_k: int) -> dict[str, float]:
    """Return the highest scores by label, the best first, and equal ones in the labels' order."""
    ranked = sorted(range(len(scores)), key=scores.__getitem__, reverse=True)[:top_k]
    return {labels[index]: round(float(scores[index]), DIGITS) for index in ranked}


def _in_sent_text(explanation: list[Contribution], item: Item, deadline: float) -> list[Contribution] | None:
    """Return an explanation whose words and positions are those of the text as it was sent; None after `deadline`."""
    sent = item.sent
    if sent is None or sent == item.text:
        return explanation
    if time.monotonic() >= deadline:
        return None
    origin = origins(sent)
    ranges = [(origin[word["start"]].start, origin[word["end"] - 1].end) for word in explanation]
    return [
        {"word": sent[start:end], "start": start, "end": end, "contribution": word["contribution"]}
        for word, (start, end) in zip(explanation, ranges, strict=True)
    ]


def error_body(error: AgNewsError) -> ErrorBody:
    """Return the error as JSON."""
    return {"type": type(error).__name__, "message": str(error)}


def model_facts(classifier: Classifier) -> ModelFacts:
    """Return the classifier's checkpoint and engine."""
    checkpoint = classifier.checkpoint
    return {"source": checkpoint.source, "revision": checkpoint.revision, "engine": classifier.engine.name}


def list_answer(predictions: Sequence[Answer], classifier: Classifier, max_bytes: int, setting: str) -> ListAnswer:
    """Return the answer to a list. Raises AnswerSizeError, which names `setting`, if it exceeds `max_bytes`."""
    answer: ListAnswer = {
        "predictions": list(predictions),
        "count": len(predictions),
        "errors": sum("error" in prediction for prediction in predictions),
        "model": model_facts(classifier),
    }
    size = sent_bytes(answer)
    if size > max_bytes:
        raise AnswerSizeError(
            f"the answer to {len(predictions):,} texts has {size:,} bytes, at most {max_bytes:,} are allowed "
            f"({setting}); send fewer texts, lower top_k or leave out explain"
        )
    return answer


def sent_bytes(answer: Mapping[str, object]) -> int:
    """Return the size of an answer, in bytes, as the runtime client serialises it."""
    escaped = os.environ.get("AWS_EXECUTION_ENV") not in UTF_8_RUNTIMES
    return len(json.dumps(answer, ensure_ascii=escaped).encode())
