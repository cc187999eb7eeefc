"""Labelled examples through a classifier, and what came of it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from agnews.api.request import joined
from agnews.cli.console import Advance, progress
from agnews.cli.evaluation.labelled import Example, FileRead
from agnews.cli.evaluation.metrics import Metrics, Share, metrics, share
from agnews.cli.info import Facts
from agnews.errors import InputError
from agnews.labels import LABELS
from agnews.model.classifier import Classifier
from agnews.settings import EngineName

View = Literal["title", "full"]

CHUNK = 1_000
"""Texts between two steps of the progress bar."""
MISTAKES = 50
"""How many of the most confident ones a report lists."""


class Mistake(TypedDict):
    """A text that got another label than its own, and the score it got it with."""

    where: str
    text: str | None
    """None where the report was to hold no texts."""
    label: str
    found: str
    score: float


class Measured(TypedDict):
    """One engine of one checkpoint on one view."""

    engine: EngineName
    revision: str
    metrics: Metrics
    groups: dict[str, Share]
    """The accuracy on the texts of each value of the column that `--by` names."""
    mistakes: list[Mistake]
    seconds: float
    texts_per_s: float


class Compared(TypedDict):
    """Two classifiers on the same texts."""

    reference: Measured
    difference_points: float
    """The accuracy less the reference's, in hundredths."""
    equal_labels: float


class Report(TypedDict):
    """Everything that `agnews evaluate` found out."""

    files: list[FileRead]
    views: dict[View, Measured]
    compared: dict[View, Compared]
    installation: Facts


@dataclass(frozen=True)
class Task:
    """What is evaluated: the examples, the views of them, whether the report may quote them, whether bars are drawn."""

    examples: Sequence[Example]
    views: Sequence[View]
    quote: bool
    bars: bool


def texts_of(examples: Sequence[Example], view: View) -> list[str]:
    """The texts that `view` shows the classifier."""
    if view == "title":
        return [found.title for found in examples]
    return [joined(found.title, found.description or "") for found in examples]


def views_of(examples: Sequence[Example], wanted: str) -> list[View]:
    """The views to evaluate. Raises InputError for descriptions where there are none."""
    described = any(found.description for found in examples)
    if wanted == "full" and not described:
        raise InputError("--view full needs a description column; there is none, or it is empty")
    both: list[View] = ["title", "full"] if described else ["title"]
    return [view for view in both if wanted in ("both", view)]


def labels_of(examples: Sequence[Example]) -> NDArray[np.int64]:
    """The examples' labels, 0 to 3. Raises InputError where there are none."""
    if not examples:
        raise InputError("there are no rows to evaluate")
    return np.array([found.label for found in examples])


def scores_of(classifier: Classifier, texts: Sequence[str], advance: Advance) -> NDArray[np.float64]:
    """Scores [len(texts), 4]; `advance` is told how many are done."""
    found: list[tuple[float, float, float, float]] = []
    for start in range(0, len(texts), CHUNK):
        part = classifier.classify(texts[start : start + CHUNK])
        found += [prediction.scores for prediction in part if prediction is not None]  # None: only with a deadline
        advance(len(found), len(found))
    return np.array(found)


def measure(classifier: Classifier, task: Task, view: View) -> tuple[Measured, NDArray[np.int64]]:
    """What came of the texts, and the labels that were found [n]."""
    texts, labels = texts_of(task.examples, view), labels_of(task.examples)
    with progress(task.bars, len(texts), "texts") as advance:
        begun = time.perf_counter()
        scores = scores_of(classifier, texts, advance)
        seconds = time.perf_counter() - begun
    measured: Measured = {
        "engine": classifier.engine.name,
        "revision": classifier.checkpoint.revision,
        "metrics": metrics(labels, scores),
        "groups": groups_of(task.examples, scores.argmax(axis=1) == labels),
        "mistakes": mistakes_of(task.examples, texts if task.quote else None, scores),
        "seconds": seconds,
        "texts_per_s": len(texts) / seconds,
    }
    return measured, scores.argmax(axis=1)


def measured_views(classifier: Classifier, task: Task) -> dict[View, tuple[Measured, NDArray[np.int64]]]:
    """For each view what the classifier made of its texts, and the labels that it found."""
    return {view: measure(classifier, task, view) for view in task.views}


def groups_of(examples: Sequence[Example], correct: NDArray[np.bool_]) -> dict[str, Share]:
    """How many of each group's texts are right; empty where the examples have no groups."""
    names = sorted({found.group for found in examples if found.group is not None})
    of_group = {
        name: [right for found, right in zip(examples, correct, strict=True) if found.group == name] for name in names
    }
    return {name: share(sum(map(int, found)), len(found)) for name, found in of_group.items()}


def mistakes_of(examples: Sequence[Example], texts: Sequence[str] | None, scores: NDArray[np.float64]) -> list[Mistake]:
    """The MISTAKES with the highest scores, highest first; with their texts, if they are given."""
    found, score = scores.argmax(axis=1), scores.max(axis=1)
    wrong = [index for index, example in enumerate(examples) if example.label != found[index]]
    wrong.sort(key=lambda index: -score[index])
    return [
        {
            "where": examples[index].where,
            "text": texts[index] if texts is not None else None,
            "label": str(LABELS[examples[index].label]),
            "found": str(LABELS[found[index]]),
            "score": round(float(score[index]), 4),
        }
        for index in wrong[:MISTAKES]
    ]


def compare(
    measured: Measured, found: NDArray[np.int64], reference: Measured, reference_found: NDArray[np.int64]
) -> Compared:
    """The one against the reference."""
    difference = measured["metrics"]["accuracy"] - reference["metrics"]["accuracy"]
    return {
        "reference": reference,
        "difference_points": 100 * difference,
        "equal_labels": float((found == reference_found).mean()),
    }
