"""Views, mistakes, groups and comparisons."""

import numpy as np
import pytest

from agnews.cli.evaluation.examples import LabelledExample
from agnews.cli.evaluation.measurement import (
    Task,
    by_scope,
    chosen_views,
    comparison,
    group_accuracies,
    measure_view,
    out_of_scope_results,
    view_texts,
    worst_mistakes,
)
from agnews.errors import InputError
from agnews.labels import LABELS
from agnews.model.classifier import Classifier
from tests.support.texts import GOAL, OIL


def test_the_mistakes_are_listed_most_confident_first_with_their_place() -> None:
    examples = [LabelledExample(label, f"text {label}", None, where=f"a.csv:{label + 2}") for label in (0, 1, 2)]
    scores = np.array([[0.1, 0.2, 0.7, 0.0], [0.0, 0.9, 0.1, 0.0], [0.8, 0.1, 0.1, 0.0]])
    expected = [
        {"where": "a.csv:4", "text": "c", "label": "Business", "found": "World", "score": 0.8},
        {"where": "a.csv:2", "text": "a", "label": "World", "found": "Business", "score": 0.7},
    ]
    assert worst_mistakes(examples, ["a", "b", "c"], scores, LABELS) == expected
    assert [mistake["text"] for mistake in worst_mistakes(examples, None, scores, LABELS)] == [None, None]


def test_each_group_has_its_own_accuracy() -> None:
    examples = [LabelledExample(0, "a", None, group=name) for name in ("hard", "clear", "hard")]
    groups = group_accuracies(examples, np.array([True, True, False]))
    assert {name: (group["texts"], group["accuracy"]) for name, group in groups.items()} == {
        "clear": (1, 1.0),
        "hard": (2, 0.5),
    }
    assert group_accuracies([LabelledExample(0, "a", None)], np.array([True])) == {}


def test_views_are_titles_and_titles_joined_with_descriptions() -> None:
    examples = [LabelledExample(0, "Title", "Description"), LabelledExample(1, "<b>Al</b>one &amp;amp;amp;", "")]
    assert chosen_views(examples, "both") == ["title", "full"]
    assert view_texts(examples, "title") == ["Title", "Alone &amp;"]
    assert view_texts(examples, "full") == ["Title Description", "Alone &amp;"]
    assert chosen_views([LabelledExample(0, "Title", None)], "both") == ["title"]
    with pytest.raises(InputError, match="there is none, or it is empty"):
        chosen_views([LabelledExample(0, "Title", None)], "full")


def test_only_examples_with_a_topic_are_in_scope() -> None:
    inside, outside = LabelledExample(0, "a", None), LabelledExample(None, "b", None)
    assert by_scope([outside, inside]) == ([inside], [outside])
    with pytest.raises(InputError, match="there are no rows to evaluate"):
        by_scope([])
    with pytest.raises(InputError, match="all rows are out of scope"):
        by_scope([outside])


def test_the_auroc_is_also_the_mean_over_groups_that_have_both_kinds() -> None:
    inside = [LabelledExample(0, "a", None, group=name) for name in ("x", "y", "only inside")]
    outside = [LabelledExample(None, "a", None, group=name) for name in ("x", "y")]
    task = Task(inside, outside, ["title"], quote=True, bars=False)
    results = out_of_scope_results(task, np.array([0.9, 0.4, 0.6, 0.5, 0.7]), np.array([True, True, False]))
    assert results["auroc"] == pytest.approx((2 + 0 + 1) / 6)
    assert results["groups_auroc"] == pytest.approx((1 + 0) / 2)


def test_examples_out_of_scope_change_no_result_in_scope(classifier: Classifier) -> None:
    examples = [LabelledExample(2, OIL, None, group="a"), LabelledExample(0, GOAL, None, group="b")]
    outside = [LabelledExample(None, "Five ways to cook courgettes", None, group="c")]
    with_outside, predicted = measure_view(classifier, Task(examples, outside, ["title"], True, False), "title")
    without, _ = measure_view(classifier, Task(examples, [], ["title"], True, False), "title")
    assert len(predicted) == 3
    assert with_outside["out_of_scope"]["texts"] == 1
    assert "out_of_scope" not in without
    for key in ("metrics", "groups", "groups_mean", "mistakes"):
        assert with_outside[key] == without[key]
    assert without["groups_mean"] == 0.5


def test_difference_and_equal_labels_are_the_engine_s_against_the_reference_s(classifier: Classifier) -> None:
    examples = [LabelledExample(2, OIL, None), LabelledExample(1, GOAL, None)]
    measured, predicted = measure_view(classifier, Task(examples, [], ["title"], quote=True, bars=False), "title")
    other = [LabelledExample(2, OIL, None), LabelledExample(0, GOAL, None)]
    reference, _ = measure_view(classifier, Task(other, [], ["title"], quote=True, bars=False), "title")
    compared = comparison(measured, predicted, reference, np.array([2, 0]))
    assert (compared["difference_points"], compared["equal_labels"]) == (50, 0.5)
    with_outside = comparison(measured, np.append(predicted, 3), reference, np.array([2, 0, 3]))
    assert (with_outside["equal_labels"], with_outside["equal_labels_out_of_scope"]) == (0.5, 1.0)
