"""`"explain": true`: what each word contributes to its label's score."""

import json
import math
import time
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from agnews.errors import InputError, LimitError
from agnews.function.events.dispatch import answer
from agnews.model.classifier import Classifier, Prediction
from agnews.model.explain import WordSpan, contributions, explain, word_spans
from agnews.settings import Settings
from tests.support.requirement import ROOT
from tests.support.texts import GOAL

HEADLINES = [
    line
    for line in (ROOT / "examples" / "headlines.txt").read_text(encoding="utf-8").splitlines()
    if len(list(word_spans(line))) > 2
]


def explained(text: str, classifier: Classifier, settings: Settings, **options: Any) -> Any:
    return answer({"text": text, "explain": True, **options}, classifier, settings)


@pytest.mark.parametrize("text", HEADLINES)
def test_leaving_out_the_word_that_contributes_most_lowers_the_score_by_so_much(
    text: str, classifier: Classifier, settings: Settings
) -> None:
    prediction = explained(text, classifier, settings)
    word = max(prediction["explanation"], key=lambda word: word["contribution"])
    assert word["contribution"] > 0
    without: Any = answer({"text": text[: word["start"]] + text[word["end"] :], "top_k": 4}, classifier, settings)
    score = without["scores"][prediction["label"]]
    assert score == pytest.approx(prediction["score"] - word["contribution"], abs=2e-4)
    assert score < prediction["score"]


def test_every_word_is_explained_in_its_place(classifier: Classifier, settings: Settings) -> None:
    text = "🚀 AT&T’s  U.S. unit won't sell 5G—again"
    explanation = explained(text, classifier, settings)["explanation"]
    assert [word["word"] for word in explanation] == ["AT&T’s", "U.S", "unit", "won't", "sell", "5G", "again"]
    assert all(text[word["start"] : word["end"]] == word["word"] for word in explanation)
    assert all(type(word["contribution"]) is float for word in explanation)


def test_the_prediction_itself_is_the_same_as_without_an_explanation(
    classifier: Classifier, settings: Settings
) -> None:
    plain = answer({"texts": [GOAL, "", {"id": 5, "title": "One"}], "top_k": 3}, classifier, settings)
    answered: Any = answer(
        {"texts": [GOAL, "", {"id": 5, "title": "One"}], "top_k": 3, "explain": True}, classifier, settings
    )
    assert len(answered["predictions"][0]["explanation"]) == len(list(word_spans(GOAL)))
    assert [word["word"] for word in answered["predictions"][2].pop("explanation")] == ["One"]
    del answered["predictions"][0]["explanation"]
    assert answered == plain


@pytest.mark.parametrize("text", ["🎉🎉", "🎉…!"])
def test_a_text_without_words_has_an_empty_explanation(text: str, classifier: Classifier, settings: Settings) -> None:
    assert explained(text, classifier, settings)["explanation"] == []


def test_words_beyond_what_the_model_reads_are_left_out(classifier: Classifier, settings: Settings) -> None:
    prediction = explained("extraordinarily " * 100 + "goal", classifier, settings)
    assert prediction["truncated"]
    assert {word["word"] for word in prediction["explanation"]} == {"extraordinarily"}
    assert 25 < len(prediction["explanation"]) < 100
    read = classifier.checkpoint.max_length - 2  # [CLS] and [SEP] take two
    assert len(explained("and so on " * 60, classifier, settings)["explanation"]) == read


def test_a_long_text_takes_no_more_inferences_than_the_model_reads_words(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    classify = classifier.classify

    def count_characters(texts: Sequence[str], deadline: float) -> list[Prediction | None]:
        sizes.append(sum(map(len, texts)))
        return classify(texts, deadline)

    monkeypatch.setattr(classifier, "classify", count_characters)
    explained("abcdefghi " * 9_000, classifier, Settings())
    assert sum(sizes) < 90_000 + 128 * 1_300


def test_too_many_words_are_refused_before_they_are_computed(classifier: Classifier) -> None:
    with pytest.raises(LimitError, match=r"together at most 10 \(AGNEWS_MAX_TEXTS\)"):
        explained("a b c d e f g h i j", classifier, Settings(max_texts=10))
    assert len(explained("a b c d e f g h i", classifier, Settings(max_texts=10))["explanation"]) == 9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("हिन्दी समाचार", ["हिन्दी", "समाचार"]),
        ("Cafe\u0301s ope\u0301ra", ["Cafe\u0301s", "ope\u0301ra"]),
        ("می\u200cخواهم بروم", ["می\u200cخواهم", "بروم"]),
        ("東京の株価", ["東京の株価"]),
        ("'Rock-n-roll' ends.", ["Rock-n-roll", "ends"]),
        ("a_b 3.5% U.S.-led", ["a_b", "3.5", "U.S", "led"]),
        ("...", []),
    ],
)
def test_words_keep_their_marks_and_joiners(text: str, expected: list[str]) -> None:
    assert [text[span.start : span.end] for span in word_spans(text)] == expected


def test_an_explanation_that_time_did_not_suffice_for_is_null(classifier: Classifier) -> None:
    whole, first = classifier.classify([GOAL, "scores twice"])
    spans = [WordSpan(0, 7), WordSpan(8, 14)]
    assert contributions("Striker scores", spans, whole, [first, None]) is None
    assert contributions("Striker scores", spans, None, [None, None]) is None


def test_nothing_is_computed_for_a_text_without_a_prediction(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "read_chars", lambda text: pytest.fail(text[:9]))
    monkeypatch.setattr("agnews.model.explain.word_spans", lambda text: pytest.fail(text[:9]))
    explained = explain([GOAL, "w " * 900], classifier, 10_000, time.monotonic())
    assert list(explained) == [(None, None), (None, None)]


def test_words_are_not_looked_up_in_the_text_as_sent_when_time_is_over(
    classifier: Classifier, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agnews.api.answer.time", SimpleNamespace(monotonic=lambda: math.inf))
    monkeypatch.setattr("agnews.api.answer.origins", lambda text: pytest.fail(text[:9]))
    prediction = explained("Goals &amp; cards", classifier, settings)
    assert (prediction["label"], prediction["explanation"]) == ("Sports", None)


def test_a_word_that_the_model_reads_in_part_is_whole(classifier: Classifier, settings: Settings) -> None:
    text = "🚀i" + " w" * 121 + " extraordinarily" + "." * 9000
    explanation = explained(text, classifier, settings)["explanation"]
    assert explanation[-1]["word"] == "extraordinarily"


@pytest.mark.parametrize("value", [1, "true", [], 0.0])
def test_explain_is_true_or_false(value: Any, classifier: Classifier, settings: Settings) -> None:
    with pytest.raises(InputError, match="explain must be true or false, found"):
        answer({"text": GOAL, "explain": value}, classifier, settings)


def test_an_explained_answer_is_json_of_builtins(classifier: Classifier, settings: Settings) -> None:
    prediction = explained("Лента новостей 東京", classifier, settings)
    assert json.loads(json.dumps(prediction, ensure_ascii=False)) == prediction
