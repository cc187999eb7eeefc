"""New texts made of the training texts."""

import re

import pytest

from tests.support.requirement import require_module, require_start_weights

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers")

from modeling import data
from modeling.augment import Augmenter, new_texts_of, words_of
from modeling.recipe import Recipe

LIKE = {"storyaaa": ["gas"]}


def rows(count: int) -> list[data.Row]:
    """Articles, each with a number; every tenth is of the same story."""
    stories = [f"story{letter * 3}" for letter in "abcdefghij"]
    found = []
    for number in range(count):
        story = stories[number % 10]
        title, description = f"No. {number} of {story} is {number}", f"Sentence {number} of {story}, they say."
        found.append(
            data.Row(number % 4, {"title": title, "full": f"{title}: {description}", "description": description})
        )
    return found


def test_new_texts_repeat_with_their_seed_and_differ_from_each_other() -> None:
    found = Augmenter(rows(60), 7, LIKE).texts(300, full=0.6)
    assert len(set(found)) == 300
    assert found == Augmenter(rows(60), 7, LIKE).texts(300, full=0.6)
    assert found[:200] == Augmenter(rows(60), 7, LIKE).texts(200, full=0.6)
    assert found != Augmenter(rows(60), 8, LIKE).texts(300, full=0.6)


def test_few_rows_give_fewer_new_texts() -> None:
    found = Augmenter(rows(2), 7, {}).texts(500, full=0.5)
    assert 0 < len(found) < 500


def test_rows_of_full_texts_alone_give_full_texts() -> None:
    whole = [data.Row(row.label, {"full": row.views["full"]}) for row in rows(60)]
    found = Augmenter(whole, 7, LIKE).texts(50, full=0.5)
    assert len(found) == 50
    known = {word for row in whole for word in words_of(row.views["full"])}
    assert {word for text in found for word in words_of(text)} <= known | {"gas"}


def test_a_headline_stands_above_another_article_of_its_story() -> None:
    found = Augmenter(rows(60), 7, {}).texts(300, full=1.0)
    pairs = [re.fullmatch(r"No\. (\d+) of (\w+) is \d+\W+Sentence (\d+) of (\w+), they say\.", text) for text in found]
    others = [pair for pair in pairs if pair and pair[1] != pair[3]]
    assert len(others) > 30
    assert all(pair[2] == pair[4] for pair in others)


def test_two_headlines_of_one_story_are_joined() -> None:
    found = Augmenter(rows(60), 7, {}).texts(100, full=0.0)
    numbers = [[int(number) for number in re.findall(r"\d+", text)] for text in found]
    assert all(first % 10 == last % 10 for first, last in numbers)
    assert sum(first != last for first, last in numbers) > 30


@pytest.mark.parametrize(("like", "expected"), [({}, set()), (LIKE, {"gas"}), ({"elsewhere": ["gas"]}, set())])
def test_words_that_have_neighbours_are_replaced(like: dict[str, list[str]], expected: set[str]) -> None:
    found = {word for text in Augmenter(rows(60), 7, like).texts(200, full=0.5) for word in words_of(text)}
    known = {word for row in rows(60) for text in row.views.values() for word in words_of(text)}
    assert found == known | expected


def test_while_new_texts_are_made_a_bar_tells_how_many(capsys: pytest.CaptureFixture[str]) -> None:
    Augmenter(rows(60), 7, LIKE).texts(300, full=0.6)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "new texts: 100%" in shown.err
    assert "300/300" in shown.err


def test_the_new_texts_of_a_recipe_are_those_of_its_seed_and_share() -> None:
    require_start_weights()
    recipe = Recipe(augmented=30, augmented_full=0.5, augmented_seed=3)
    assert new_texts_of(rows(60), recipe) == Augmenter(rows(60), 3).texts(30, 0.5)
