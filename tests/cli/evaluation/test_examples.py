"""Labelled files as they are read."""

from pathlib import Path

import pytest

from agnews.cli.evaluation.examples import LabelColumns, read_examples
from agnews.errors import InputError
from agnews.labels import LABELS
from agnews.settings import Settings
from tests.support.ag_news import write_ag_news
from tests.support.requirement import ROOT


def test_ag_news_own_format_is_recognised_and_its_text_left_as_it_is(settings: Settings, tmp_path: Path) -> None:
    examples = read_examples(write_ag_news(tmp_path), LabelColumns(), settings)
    assert [example.label for example in examples] == [0, 1, 2, 3, 2]
    assert [example.where for example in examples][:2] == ["test.csv:1", "test.csv:2"]
    assert examples[0].description == 'Foreign ministers met, "at last", in the capital.'


@pytest.mark.parametrize(
    ("content", "column", "label"),
    [
        ("Class Index,Title,Description\n4,a,b\n", None, 3),
        ("text,label\na,Sci/Tech\n", None, 3),
        ("headline,topic\r\na,sci-tech\r\n", None, 3),
        ("title,label,mine\na,World,sports\n", "mine", 1),
        ('\ufeffcategory,text\nBUSINESS,"a\nb"\n', None, 2),
    ],
)
def test_labels_are_read_by_number_or_name(
    content: str, column: str | None, label: int, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8", newline="")
    assert [example.label for example in read_examples(path, LabelColumns(label=column), settings)] == [label]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("a,b\nc,d\n", "has no column with a text"),
        ("title,b\nc,d\n", "has no column with a label"),
        ("title,label\na,World\nb,0\n", ":3: the label is '0'; expected 1-4 or one of World"),
        ("title,label\na,World\nb,Politics\n", ":3: the label is 'Politics'"),
        ("title,label\na,World,c\n", ":2: the row has 3 fields, expected 2"),
        ("title,label\n ,World\n", ":2: the text is empty"),
        ('title,label\n"a,World\n', ":2: the row is not valid CSV"),
    ],
)
def test_a_file_that_cannot_be_evaluated_is_refused_with_the_line_number(
    content: str, message: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_examples(path, LabelColumns(), settings)
    assert f"{path}" in str(error.value)
    assert message in str(error.value)


def test_the_modern_headlines_are_balanced_and_our_own() -> None:
    examples = read_examples(ROOT / "tests" / "data" / "modern_headlines.csv", LabelColumns(by="kind"), Settings())
    assert len({example.title for example in examples}) == len(examples) == 240
    for label in range(len(LABELS)):
        kinds = [example.group for example in examples if example.label == label]
        assert (kinds.count("clear"), kinds.count("borderline")) == (45, 15)
