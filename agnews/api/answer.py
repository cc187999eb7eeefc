"""What callers get: predictions as builtins, rounded in one place, within the answer's size limit."""

import json
import math
import os
from collections.abc import Mapping, Sequence
from typing import TypedDict

from agnews.api.request import Item, Options, Request
from agnews.errors import AgNewsError, AnswerSizeError, DeadlineError
from agnews.labels import LABELS
from agnews.model.classifier import Classifier, Prediction
from agnews.model.explain import DIGITS, Contribution, explain
from agnews.settings import Settings

UTF_8_RUNTIMES = frozenset(f"AWS_Lambda_python3.{minor}" for minor in (12, 13, 14, 15))
"""Where awslambdaric sends answers as UTF-8; elsewhere it escapes what is not ASCII, which makes more bytes."""


class ErrorBody(TypedDict):
    """An error as data: `type` is one of the classes in agnews.errors."""

    type: str
    message: str


class Answer(TypedDict, total=False):
    """One prediction, or one item's error."""

    id: str | int | float
    label: str | None
    score: float
    truncated: bool
    abstained: bool
    scores: dict[str, float]
    explanation: list[Contribution] | None
    error: ErrorBody


class ModelFacts(TypedDict):
    """Which checkpoint answered, and how it was computed."""

    source: str
    revision: str
    engine: str


class ListAnswer(TypedDict):
    """The answer to a list: `predictions` in the order sent, `errors` of them being errors."""

    predictions: list[Answer]
    count: int
    errors: int
    model: ModelFacts


def answers(request: Request, classifier: Classifier, settings: Settings, deadline: float = math.inf) -> list[Answer]:
    """One answer per item, in order: computed together until time.monotonic() reaches `deadline`.

    Raises:
        LimitError: an explanation was asked for that would take more inferences than there may be texts.
    """
    if not request.options.explain:
        return answers_to([request], classifier, deadline)[0]
    texts = [item.text for item in request.items if item.text is not None]
    explained = iter(explain(texts, classifier, settings.max_texts, deadline))
    return [
        failed(item) if item.text is None else predicted(item, *next(explained), request.options)
        for item in request.items
    ]


def answers_to(requests: Sequence[Request], classifier: Classifier, deadline: float) -> list[list[Answer]]:
    """For each request one answer per item, without explanations: the texts of all are computed as one list."""
    texts = [item.text for request in requests for item in request.items if item.text is not None]
    predictions = iter(classifier.classify(texts, deadline))
    return [
        [
            failed(item) if item.text is None else predicted(item, next(predictions), None, request.options)
            for item in request.items
        ]
        for request in requests
    ]


def failed(item: Item) -> Answer:
    """The answer to an item that could not be read."""
    answer: Answer = {} if item.id is None else {"id": item.id}
    if item.error is not None:
        answer["error"] = error_body(item.error)
    return answer


def predicted(
    item: Item, prediction: Prediction | None, explanation: list[Contribution] | None, options: Options
) -> Answer:
    """The answer to an item that was computed, or that time did not suffice for."""
    if prediction is None:
        late = DeadlineError("not reached before the function's timeout; send it again, or raise Timeout or MemorySize")
        return failed(Item(None, late, item.id))
    ranked = sorted(zip(prediction.scores, LABELS, strict=True), key=lambda pair: -pair[0])
    score = ranked[0][0]
    abstained = score < options.min_score
    answer: Answer = {} if item.id is None else {"id": item.id}
    answer |= {
        "label": None if abstained else ranked[0][1],
        "score": round(float(score), DIGITS),
        "truncated": prediction.truncated,
    }
    if options.min_score > 0:
        answer["abstained"] = abstained
    if options.top_k > 1:
        answer["scores"] = {label: round(float(value), DIGITS) for value, label in ranked[: options.top_k]}
    if options.explain:
        answer["explanation"] = explanation
    return answer


def error_body(error: AgNewsError) -> ErrorBody:
    """The error as `{"type", "message"}`."""
    return {"type": type(error).__name__, "message": str(error)}


def model_facts(classifier: Classifier) -> ModelFacts:
    """Source, revision and engine."""
    checkpoint = classifier.checkpoint
    return {"source": checkpoint.source, "revision": checkpoint.revision, "engine": classifier.engine.name}


def list_answer(found: Sequence[Answer], classifier: Classifier, max_bytes: int, setting: str) -> ListAnswer:
    """The answer to a list. Raises AnswerSizeError, naming `setting`, where it would be larger than `max_bytes`."""
    errors = sum("error" in answer for answer in found)
    answer: ListAnswer = {
        "predictions": list(found),
        "count": len(found),
        "errors": errors,
        "model": model_facts(classifier),
    }
    size = sent_bytes(answer)
    if size > max_bytes:
        raise AnswerSizeError(
            f"the answer to {len(found):,} texts has {size:,} bytes, at most {max_bytes:,} ({setting}); "
            "send fewer texts, lower top_k or leave out explain"
        )
    return answer


def sent_bytes(answer: Mapping[str, object]) -> int:
    """How many bytes the runtime client makes of an answer."""
    escaped = os.environ.get("AWS_EXECUTION_ENV") not in UTF_8_RUNTIMES
    return len(json.dumps(answer, ensure_ascii=escaped).encode())
