"""Views, mistakes, groups and comparisons."""

import numpy as np
import pytest

from agnews.cli.evaluation.examples import LabelledExample
from agnews.cli.evaluation.measurement import (
    Task,
    chosen_views,
    comparison,
    group_accuracies,
    measure_view,
    true_labels,
    view_texts,
    worst_mistakes,
)
from agnews.errors import InputError
from agnews.model.classifier import Classifier
from tests.support.texts import GOAL, OIL


def test_the_mistakes_are_listed_most_confident_first_with_their_place() -> None:
    examples = [LabelledExample(label, f"text {label}", None, where=f"a.csv:{label + 2}") for label in (0, 1, 2)]
    scores = np.array([[0.1, 0.2, 0.7, 0.0], [0.0, 0.9, 0.1, 0.0], [0.8, 0.1, 0.1, 0.0]])
    expected = [
        {"where": "a.csv:4", "text": "c", "label": "Business", "found": "World", "score": 0.8},
        {"where": "a.csv:2", "text": "a", "label": "World", "found": "Business", "score": 0.7},
    ]
    assert worst_mistakes(examples, ["a", "b", "c"], scores) == expected
    assert [mistake["text"] for mistake in worst_mistakes(examples, None, scores)] == [None, None]


def test_each_group_has_its_own_accuracy() -> None:
    examples = [LabelledExample(0, "a", None, group=name) for name in ("hard", "clear", "hard")]
    groups = group_accuracies(examples, np.array([True, True, False]))
    assert {name: (group["texts"], group["accuracy"]) for name, group in groups.items()} == {
        "clear": (1, 1.0),
        "hard": (2, 0.5),
    }
    assert group_accuracies([LabelledExample(0, "a", None)], np.array([True])) == {}


def test_views_are_titles_and_titles_joined_with_descriptions() -> None:
    examples = [LabelledExample(0, "Title", "Description"), LabelledExample(1, "Alone", "")]
    assert chosen_views(examples, "both") == ["title", "full"]
    assert view_texts(examples, "title") == ["Title", "Alone"]
    assert view_texts(examples, "full") == ["Title Description", "Alone"]
    assert chosen_views([LabelledExample(0, "Title", None)], "both") == ["title"]
    with pytest.raises(InputError, match="there is none, or it is empty"):
        chosen_views([LabelledExample(0, "Title", None)], "full")
    with pytest.raises(InputError, match="no rows"):
        true_labels([])


def test_difference_and_equal_labels_are_the_engine_s_against_the_reference_s(classifier: Classifier) -> None:
    examples = [LabelledExample(2, OIL, None), LabelledExample(1, GOAL, None)]
    measured, predicted = measure_view(classifier, Task(examples, ["title"], quote=True, bars=False), "title")
    other = [LabelledExample(2, OIL, None), LabelledExample(0, GOAL, None)]
    reference, _ = measure_view(classifier, Task(other, ["title"], quote=True, bars=False), "title")
    compared = comparison(measured, predicted, reference, np.array([2, 0]))
    assert (compared["difference_points"], compared["equal_labels"]) == (50, 0.5)
