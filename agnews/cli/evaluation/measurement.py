"""The classifier's results on labelled examples."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from agnews.api.normalise import normalise
from agnews.api.request import joined
from agnews.cli.console import progress
from agnews.cli.evaluation.examples import EvaluatedFile, LabelledExample
from agnews.cli.evaluation.metrics import (
    Accuracy,
    Metrics,
    OutOfScope,
    accuracy_of,
    auroc,
    metrics,
    out_of_scope_labels,
    out_of_scope_metrics,
)
from agnews.cli.info import Installation
from agnews.errors import InputError
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
    """Of the texts in scope, as groups and mistakes are."""
    groups: dict[str, Accuracy]
    """The accuracy for each value of the column given with --by."""
    groups_mean: NotRequired[float]
    """The mean of the groups' accuracies; absent without groups."""
    out_of_scope: NotRequired[OutOfScope]
    """Absent without such texts."""
    mistakes: list[Mistake]
    seconds: float
    texts_per_s: float


class Comparison(TypedDict):
    """The measured classifier against a reference on the same texts."""

    reference: Measurement
    difference_points: float
    """The accuracy minus the reference's, in percentage points."""
    equal_labels: float
    """The share of texts in scope for which both predict the same label."""
    equal_labels_out_of_scope: NotRequired[float]
    """The same for texts out of scope; absent without such texts."""


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
    """Those in scope; at least one."""
    out_of_scope: Sequence[LabelledExample]
    views: Sequence[View]
    quote: bool
    """Whether the report may contain the texts."""
    bars: bool
    """Whether to show progress bars."""


def view_texts(examples: Sequence[LabelledExample], view: View) -> list[str]:
    """Return the texts that are classified in this view."""
    if view == "title":
        return [normalise(example.title) for example in examples]
    return [normalise(joined(example.title, example.description or "")) for example in examples]


def chosen_views(examples: Sequence[LabelledExample], choice: str) -> list[View]:
    """Return the views to evaluate. Raises InputError if descriptions are chosen but there are none."""
    described = any(example.description for example in examples)
    if choice == "full" and not described:
        raise InputError("--view full needs a description column; there is none, or it is empty")
    available: list[View] = ["title", "full"] if described else ["title"]
    return [view for view in available if choice in ("both", view)]


def by_scope(examples: Sequence[LabelledExample]) -> tuple[list[LabelledExample], list[LabelledExample]]:
    """Return the examples in scope and those out of scope. Raises InputError if none is in scope."""
    in_scope = [example for example in examples if example.label is not None]
    if not examples:
        raise InputError("there are no rows to evaluate")
    if not in_scope:
        raise InputError("all rows are out of scope; evaluate them together with rows that have a topic")
    return in_scope, [example for example in examples if example.label is None]


def true_labels(examples: Sequence[LabelledExample]) -> NDArray[np.int64]:
    """Return the labels [n], the topics' indices, of examples in scope."""
    return np.array([example.label for example in examples], dtype=np.int64)


def timed_scores(classifier: Classifier, texts: Sequence[str], bars: bool) -> tuple[NDArray[np.float64], float]:
    """Return the scores [n, topics] and the seconds it took, with a progress bar if `bars`."""
    scores: list[tuple[float, ...]] = []
    with progress(bars, len(texts), "texts") as advance:
        start = time.perf_counter()
        for index in range(0, len(texts), PROGRESS_TEXTS):
            predictions = classifier.classify(texts[index : index + PROGRESS_TEXTS])
            # A prediction is None only past a deadline, and there is none here.
            scores += [prediction.scores for prediction in predictions if prediction is not None]
            advance(len(scores), len(scores))
        return np.array(scores), time.perf_counter() - start


def measure_view(classifier: Classifier, task: Task, view: View) -> tuple[Measurement, NDArray[np.int64]]:
    """Return the results on one view, and the predicted labels [n]: in scope, then out of scope."""
    texts = view_texts([*task.examples, *task.out_of_scope], view)
    scores, seconds = timed_scores(classifier, texts, task.bars)
    inside = scores[: len(task.examples)]
    labels = true_labels(task.examples)
    correct = inside.argmax(axis=1) == labels
    groups = group_accuracies(task.examples, correct)
    measurement: Measurement = {
        "engine": classifier.engine.name,
        "revision": classifier.checkpoint.revision,
        "metrics": metrics(labels, inside, classifier.labels),
        "groups": groups,
        "mistakes": worst_mistakes(task.examples, texts if task.quote else None, inside, classifier.labels),
        "seconds": seconds,
        "texts_per_s": len(texts) / seconds,
    }
    if groups:
        measurement["groups_mean"] = fmean(group["accuracy"] for group in groups.values())
    if task.out_of_scope:
        labels_outside = [example.label_text for example in task.out_of_scope]
        measurement["out_of_scope"] = out_of_scope_results(task, scores.max(axis=1), correct)
        outside = scores[len(task.examples) :]
        measurement["out_of_scope"]["labels"] = out_of_scope_labels(labels_outside, outside, classifier.labels)
    return measurement, scores.argmax(axis=1)


def measure_views(classifier: Classifier, task: Task) -> dict[View, tuple[Measurement, NDArray[np.int64]]]:
    """Return the results and the predicted labels for each view."""
    return {view: measure_view(classifier, task, view) for view in task.views}


def group_accuracies(examples: Sequence[LabelledExample], correct: NDArray[np.bool_]) -> dict[str, Accuracy]:
    """Return the accuracy of each group, in the groups' alphabetical order; empty if the examples have no groups."""
    return {name: accuracy_of(sum(rights), len(rights)) for name, rights in by_group(examples, correct).items()}


def out_of_scope_results(task: Task, score: NDArray[np.float64], correct: NDArray[np.bool_]) -> OutOfScope:
    """Return how the scores out of scope, the last in `score`, compare with those in scope, overall and by group."""
    inside, outside = np.split(score, [len(task.examples)])
    results = out_of_scope_metrics(inside, correct, outside)
    inside_groups, outside_groups = by_group(task.examples, inside), by_group(task.out_of_scope, outside)
    if common := inside_groups.keys() & outside_groups.keys():
        aurocs = (auroc(np.array(inside_groups[name]), np.array(outside_groups[name])) for name in common)
        results["groups_auroc"] = fmean(aurocs)
    return results


def by_group(examples: Sequence[LabelledExample], values: NDArray[Any]) -> dict[str, list[Any]]:
    """Return the examples' values by group, in the groups' alphabetical order."""
    groups: dict[str, list[Any]] = defaultdict(list)
    for example, value in zip(examples, values.tolist(), strict=True):
        if example.group is not None:
            groups[example.group].append(value)
    return dict(sorted(groups.items()))


def worst_mistakes(
    examples: Sequence[LabelledExample],
    texts: Sequence[str] | None,
    scores: NDArray[np.float64],
    topics: Sequence[str],
) -> list[Mistake]:
    """Return at most MAX_MISTAKES mistakes, those with the highest scores first, with their texts if given."""
    labels, predicted, score = true_labels(examples), scores.argmax(axis=1), scores.max(axis=1)
    wrong = sorted(np.flatnonzero(predicted != labels).tolist(), key=lambda index: -score[index])
    return [
        {
            "where": examples[index].where,
            "text": texts[index] if texts is not None else None,
            "label": topics[labels[index]],
            "found": topics[predicted[index]],
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
    inside, outside = np.split(predicted == reference_predicted, [measurement["metrics"]["texts"]])
    difference = measurement["metrics"]["accuracy"] - reference["metrics"]["accuracy"]
    compared: Comparison = {
        "reference": reference,
        "difference_points": 100 * difference,
        "equal_labels": float(inside.mean()),
    }
    if outside.size:
        compared["equal_labels_out_of_scope"] = float(outside.mean())
    return compared
