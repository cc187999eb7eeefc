"""Texts that the model cannot read are marked, and English ones are not."""

import csv
from collections import defaultdict
from typing import Any

import pytest

from agnews.function.events.dispatch import answer
from agnews.model.classifier import Classifier
from agnews.model.familiarity import token_points
from agnews.settings import Settings
from tests.support.requirement import ROOT
from tests.support.texts import GOAL

ENGLISH = ROOT / "tests" / "data" / "modern_headlines.csv"
OTHERS = ROOT / "tests" / "data" / "other_languages.csv"
OTHER_SCRIPTS = {"Russian", "Greek", "Arabic", "Hindi", "Chinese", "Japanese", "Korean"}


def shares_marked(texts: dict[str, list[str]], classifier: Classifier) -> dict[str, float]:
    """Return the share of unfamiliar texts in each list."""
    shares = {}
    for name, listed in texts.items():
        predictions = classifier.classify(listed)
        shares[name] = sum(prediction is not None and prediction.unfamiliar for prediction in predictions) / len(listed)
    return shares


def test_headlines_of_other_languages_are_unfamiliar(classifier: Classifier) -> None:
    texts = defaultdict(list)
    with OTHERS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            texts[row["language"]].append(row["text"])
    shares = shares_marked(texts, classifier)
    assert len(shares) == 18
    assert {name for name, share in shares.items() if share == 1} >= OTHER_SCRIPTS
    assert min(shares.values()) >= 0.75
    assert sum(shares.values()) / len(shares) >= 0.95


def test_hardly_any_english_headline_is_unfamiliar(classifier: Classifier) -> None:
    with ENGLISH.open(encoding="utf-8", newline="") as file:
        texts = [row["title"] for row in csv.DictReader(file)]
    assert shares_marked({"English": texts}, classifier)["English"] <= 0.003


@pytest.mark.parametrize(
    "text",
    [
        "Goal! ⚽🏆 Champions again 🎉👩🏽‍🚀",
        "Real Madrid sign Mbappé",
        "Beyoncé’s “naïve” tour dates announced",
        "GDP +2.4% in Q3",
        "AT&T",
        "Kohli",
        "Sharapova ousted",
        "Robert De Niro and Angel Di Maria",
    ],
)
def test_names_numbers_and_emoji_are_familiar(text: str, classifier: Classifier) -> None:
    assert shares_marked({"text": [text]}, classifier) == {"text": 0}


@pytest.mark.parametrize(
    "text",
    [
        "Juventus vince il derby nel recupero",
        "Kabinet stelt nieuwe regels voor",
        "Regeringen vill ha ny budget",
        "Harga minyak naik lagi",
        "Guvernul aprobă noul buget",
    ],
)
def test_short_foreign_headlines_are_unfamiliar(text: str, classifier: Classifier) -> None:
    assert shares_marked({"text": [text]}, classifier) == {"text": 1}


@pytest.mark.parametrize("text", ["😀", "😀😀😀", "😀!", "⚽ 3-2", "ⓄⒾⓁ", "\u0301"])
def test_a_text_without_a_known_word_is_unfamiliar(text: str, classifier: Classifier) -> None:
    assert shares_marked({"text": [text]}, classifier) == {"text": 1}


def test_an_answer_says_so_only_where_it_is_unfamiliar(classifier: Classifier, settings: Settings) -> None:
    answers: Any = answer([GOAL, "Центробанк сохранил ключевую ставку"], classifier, settings)
    assert [prediction.get("unfamiliar") for prediction in answers["predictions"]] == [None, True]


@pytest.mark.parametrize(
    ("token", "points"),
    [
        ("bank", -4),
        ("##rung", 3),
        ("und", -4),
        ("##ц", 6),
        ("[UNK]", 6),
        ("[CLS]", 0),
        ("[SEP]", 0),
        ("40", 0),
        ("[", 0),
    ],
)
def test_a_token_has_points(token: str, points: int) -> None:
    assert token_points(token, "[UNK]") == points
