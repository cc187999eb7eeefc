"""Labelled examples through a classifier, and what came of it."""

import time
from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from agnews.bulk import Advance, progress
from agnews.classifier import Classifier
from agnews.errors import InputError
from agnews.facts import Facts
from agnews.labelled import Example, FileRead
from agnews.metrics import Metrics, metrics
from agnews.request import joined
from agnews.settings import EngineName

View = Literal["title", "full"]

CHUNK = 1_000
"""Texts between two steps of the progress bar."""


class Measured(TypedDict):
    """One engine on one view."""

    engine: EngineName
    metrics: Metrics
    seconds: float
    texts_per_s: float


class Compared(TypedDict):
    """Two engines on the same texts."""

    reference: Measured
    difference_points: float
    """The engine's accuracy less the reference's, in hundredths."""
    equal_labels: float


class Report(TypedDict):
    """Everything that `agnews evaluate` found out."""

    files: list[FileRead]
    views: dict[View, Measured]
    compared: dict[View, Compared]
    installation: Facts


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


def scores_of(classifier: Classifier, texts: Sequence[str], advance: Advance) -> NDArray[np.float64]:
    """Scores [len(texts), 4]; `advance` is told how many are done."""
    found: list[tuple[float, float, float, float]] = []
    for start in range(0, len(texts), CHUNK):
        part = classifier.classify(texts[start : start + CHUNK])
        found += [prediction.scores for prediction in part if prediction is not None]  # None: only with a deadline
        advance(len(found), len(found))
    return np.array(found)


def measure(
    classifier: Classifier, texts: Sequence[str], labels: NDArray[np.int64], advance: Advance
) -> tuple[Measured, NDArray[np.int64]]:
    """What came of the texts, and the labels that were found."""
    begun = time.perf_counter()
    scores = scores_of(classifier, texts, advance)
    seconds = time.perf_counter() - begun
    measured: Measured = {
        "engine": classifier.engine.name,
        "metrics": metrics(labels, scores),
        "seconds": seconds,
        "texts_per_s": len(texts) / seconds,
    }
    return measured, scores.argmax(axis=1)


def compare(
    measured: Measured, found: NDArray[np.int64], reference: Measured, reference_found: NDArray[np.int64]
) -> Compared:
    """The engine against the reference."""
    difference = measured["metrics"]["accuracy"] - reference["metrics"]["accuracy"]
    return {
        "reference": reference,
        "difference_points": 100 * difference,
        "equal_labels": float((found == reference_found).mean()),
    }


def labels_of(examples: Sequence[Example]) -> NDArray[np.int64]:
    """The examples' labels, 0 to 3. Raises InputError where there are none."""
    if not examples:
        raise InputError("there are no rows to evaluate")
    return np.array([found.label for found in examples])


def measured_views(
    classifier: Classifier, texts: Mapping[View, Sequence[str]], labels: NDArray[np.int64], bars: bool
) -> dict[View, tuple[Measured, NDArray[np.int64]]]:
    """For each view what the classifier made of its texts, and the labels that it found; with progress bars or not."""
    found = {}
    for view, of_view in texts.items():
        with progress(bars, len(of_view), "texts") as advance:
            found[view] = measure(classifier, of_view, labels, advance)
    return found
