"""The classifier's results on labelled examples."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from agnews.api.request import joined
from agnews.cli.console import Advance, progress
from agnews.cli.evaluation.examples import EvaluatedFile, LabelledExample
from agnews.cli.evaluation.metrics import Accuracy, Metrics, accuracy_of, metrics
from agnews.cli.info import Installation
from agnews.errors import InputError
from agnews.labels import LABELS
from agnews.model.classifier import Classifier
from agnews.settings import EngineName

View = Literal["title", "full"]

PROGRESS_TEXTS = 1_000
"""Texts between two steps of the progress bar."""
MAX_MISTAKES = 50
"""How many mistakes a report lists."""


class Mistake(TypedDict):
    """A text whose predicted label is not its own."""

    where: str
    text: str | None
    """None in a report without texts."""
    label: str
    found: str
    """The predicted label."""
    score: float
    """The predicted label's."""


class Measurement(TypedDict):
    """The results of one engine and checkpoint on one view."""

    engine: EngineName
    revision: str
    metrics: Metrics
    groups: dict[str, Accuracy]
    """The accuracy for each value of the column given with --by."""
    mistakes: list[Mistake]
    seconds: float
    texts_per_s: float


class Comparison(TypedDict):
    """The measured classifier against a reference on the same texts."""

    reference: Measurement
    difference_points: float
    """The accuracy minus the reference's, in percentage points."""
    equal_labels: float
    """The share of texts for which both predict the same label."""


class Report(TypedDict):
    """All results of `agnews evaluate`."""

    files: list[EvaluatedFile]
    views: dict[View, Measurement]
    compared: dict[View, Comparison]
    installation: Installation


@dataclass(frozen=True)
class Task:
    """What is evaluated, and how it is reported."""

    examples: Sequence[LabelledExample]
    views: Sequence[View]
    quote: bool
    """Whether the report may contain the texts."""
    bars: bool
    """Whether to show progress bars."""


def view_texts(examples: Sequence[LabelledExample], view: View) -> list[str]:
    """Return the texts that are classified in this view."""
    if view == "title":
        return [example.title for example in examples]
    return [joined(example.title, example.description or "") for example in examples]


def chosen_views(examples: Sequence[LabelledExample], choice: str) -> list[View]:
    """Return the views to evaluate. Raises InputError if descriptions are chosen but there are none."""
    described = any(example.description for example in examples)
    if choice == "full" and not described:
        raise InputError("--view full needs a description column; there is none, or it is empty")
    available: list[View] = ["title", "full"] if described else ["title"]
    return [view for view in available if choice in ("both", view)]


def true_labels(examples: Sequence[LabelledExample]) -> NDArray[np.int64]:
    """Return the examples' labels [n], 0 to 3. Raises InputError if there are none."""
    if not examples:
        raise InputError("there are no rows to evaluate")
    return np.array([example.label for example in examples])


def classify_texts(classifier: Classifier, texts: Sequence[str], advance: Advance) -> NDArray[np.float64]:
    """Return the scores [n, 4], calling `advance` every PROGRESS_TEXTS texts."""
    scores: list[tuple[float, float, float, float]] = []
    for start in range(0, len(texts), PROGRESS_TEXTS):
        predictions = classifier.classify(texts[start : start + PROGRESS_TEXTS])
        scores += [prediction.scores for prediction in predictions if prediction is not None]  # None: past a deadline
        advance(len(scores), len(scores))
    return np.array(scores)


def measure_view(classifier: Classifier, task: Task, view: View) -> tuple[Measurement, NDArray[np.int64]]:
    """Classify the texts of one view; return the results and the predicted labels [n]."""
    texts, labels = view_texts(task.examples, view), true_labels(task.examples)
    with progress(task.bars, len(texts), "texts") as advance:
        start = time.perf_counter()
        scores = classify_texts(classifier, texts, advance)
        seconds = time.perf_counter() - start
    predicted = scores.argmax(axis=1)
    measurement: Measurement = {
        "engine": classifier.engine.name,
        "revision": classifier.checkpoint.revision,
        "metrics": metrics(labels, scores),
        "groups": group_accuracies(task.examples, predicted == labels),
        "mistakes": worst_mistakes(task.examples, texts if task.quote else None, scores),
        "seconds": seconds,
        "texts_per_s": len(texts) / seconds,
    }
    return measurement, predicted


def measure_views(classifier: Classifier, task: Task) -> dict[View, tuple[Measurement, NDArray[np.int64]]]:
    """Return the results and the predicted labels for each view."""
    return {view: measure_view(classifier, task, view) for view in task.views}


def group_accuracies(examples: Sequence[LabelledExample], correct: NDArray[np.bool_]) -> dict[str, Accuracy]:
    """Return the accuracy of each group, in the groups' alphabetical order; empty if the examples have no groups."""
    groups: dict[str, list[bool]] = {}
    for example, right in zip(examples, correct, strict=True):
        if example.group is not None:
            groups.setdefault(example.group, []).append(bool(right))
    return {name: accuracy_of(sum(rights), len(rights)) for name, rights in sorted(groups.items())}


def worst_mistakes(
    examples: Sequence[LabelledExample], texts: Sequence[str] | None, scores: NDArray[np.float64]
) -> list[Mistake]:
    """Return at most MAX_MISTAKES mistakes, those with the highest scores first, with their texts if given."""
    predicted, score = scores.argmax(axis=1), scores.max(axis=1)
    wrong = [index for index, example in enumerate(examples) if example.label != predicted[index]]
    wrong.sort(key=lambda index: -score[index])
    return [
        {
            "where": examples[index].where,
            "text": texts[index] if texts is not None else None,
            "label": str(LABELS[examples[index].label]),
            "found": str(LABELS[predicted[index]]),
            "score": round(float(score[index]), 4),
        }
        for index in wrong[:MAX_MISTAKES]
    ]


def comparison(
    measurement: Measurement,
    predicted: NDArray[np.int64],
    reference: Measurement,
    reference_predicted: NDArray[np.int64],
) -> Comparison:
    """Return how the measured classifier and the reference differ, from their results and predicted labels."""
    difference = measurement["metrics"]["accuracy"] - reference["metrics"]["accuracy"]
    return {
        "reference": reference,
        "difference_points": 100 * difference,
        "equal_labels": float((predicted == reference_predicted).mean()),
    }
