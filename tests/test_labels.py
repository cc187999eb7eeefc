import doctest

import pytest

from agnews import labels
from agnews.labels import LABELS, MAX_LABEL_CHARS, MAX_LABELS, label_problem


def test_the_examples_in_the_documentation_are_true() -> None:
    assert doctest.testmod(labels).failed == 0


@pytest.mark.parametrize(
    "names",
    [
        LABELS,
        ["no", "yes"],
        list(map(str, range(MAX_LABELS))),
        ["a" * MAX_LABEL_CHARS, "=1+1", 'a "quoted", name', "Öl & Gas", "👩‍🚀 Space", "C", "C++", "C#"],
    ],
)
def test_any_names_are_labels(names: list[str]) -> None:
    assert label_problem(names) is None


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        ([], "found 0 labels, expected 2 to 100"),
        (["one"], "found 1 label, expected 2 to 100"),
        (list(map(str, range(101))), "found 101 labels, expected 2 to 100"),
        (["a", 1], "the label 1 is not a string"),
        (["a", None], "the label None is not a string"),
        (["a", ""], "a label is empty"),
        (["a", " \u3000"], "a label is empty"),
        (["a", "b" * 65], f"the label '{'b' * 64}'… has 65 characters; at most 64 are allowed"),
        (["a", "b", "a"], "the label 'a' appears twice"),
        (["Straße", "STRASSE"], "the label 'STRASSE' appears twice"),
        (["a", "b\nc"], "the label 'b\\nc' has a line break or a control character"),
        (["a", "b\u2028c"], "the label 'b\\u2028c' has a line break or a control character"),
        (["a", "\x1b[31m"], "the label '\\x1b[31m' has a line break or a control character"),
        (["a", "\ud800"], "the label '\\ud800' has a line break or a control character"),
    ],
)
def test_labels_that_cannot_be_are_named_with_the_limit(names: list[object], problem: str) -> None:
    assert label_problem(names) == problem
