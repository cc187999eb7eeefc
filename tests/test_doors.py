"""The same content gets the same answer, whatever door it comes in by.

tests/data/items.json has items as clients and files have them, tests/data/lines.json plain text; each with the texts to
be classified, null for an error in its place.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agnews.model.classifier import Classifier
from tests.support.doors import ITEM_DOORS, LINE_DOORS, Door, csv_file, queue, recorded_texts
from tests.support.requirement import ROOT


def table(name: str) -> Any:
    return json.loads((ROOT / "tests" / "data" / name).read_text(encoding="utf-8"))


ITEMS = table("items.json")
ROWS = [
    case
    for case in ITEMS
    if isinstance(case["item"], dict) and all(isinstance(value, str | None) for value in case["item"].values())
]
"""The items that a CSV file can hold."""


def texts_and_ids(door: Callable[..., list[Any]], content: Any, classifier: Classifier, folder: Path) -> Any:
    with recorded_texts() as recorded:
        answers = door(content, classifier, folder)
    texts = iter(recorded)
    read = [(None if "error" in answer else next(texts), answer.get("id")) for answer in answers]
    assert next(texts, None) is None
    return read


@pytest.mark.parametrize("door", ITEM_DOORS, ids=lambda door: door.__name__)
def test_an_item_is_the_same_text_or_an_error_in_every_door(door: Door, classifier: Classifier, tmp_path: Path) -> None:
    read = texts_and_ids(door, [case["item"] for case in ITEMS], classifier, tmp_path)
    assert read == [(case["text"], case.get("id")) for case in ITEMS]


def test_a_record_of_a_queue_is_the_same_text_or_an_error(classifier: Classifier, tmp_path: Path) -> None:
    cases = [case for case in ITEMS if not isinstance(case["item"], list)]  # a list is a whole request there
    read = texts_and_ids(queue, [case["item"] for case in cases], classifier, tmp_path)
    # An error bears the id of its record.
    assert read == [(case["text"], case.get("id") if case["text"] else None) for case in cases]


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case["name"])
def test_a_row_of_a_csv_file_is_the_same_text_as_an_object(case: Any, classifier: Classifier, tmp_path: Path) -> None:
    ((text, row_id),) = texts_and_ids(csv_file, case["item"], classifier, tmp_path)
    assert text == case["text"]
    assert text is None or row_id == case.get("id")


def test_a_list_in_a_string_is_a_whole_request_and_no_item(classifier: Classifier, tmp_path: Path) -> None:
    texts = ["Striker scores twice", "Oil prices climb"]
    content = json.dumps(texts)
    for whole in LINE_DOORS:
        assert texts_and_ids(whole, content.encode(), classifier, tmp_path) == [(text, None) for text in texts]
    assert queue([content], classifier, tmp_path)[0]["count"] == 2
    for door in ITEM_DOORS:
        assert ["error" in answer for answer in door([content, "Coal"], classifier, tmp_path)] == [True, False]


@pytest.mark.parametrize("door", LINE_DOORS, ids=lambda door: door.__name__)
@pytest.mark.parametrize("case", table("lines.json"), ids=lambda case: case["name"])
def test_plain_text_has_the_same_lines_in_every_door(
    case: Any, door: Callable[..., list[Any]], classifier: Classifier, tmp_path: Path
) -> None:
    read = texts_and_ids(door, case["content"].encode(), classifier, tmp_path)
    assert [text for text, _ in read] == case["headlines"]
