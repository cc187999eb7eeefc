import json
from pathlib import Path

import pytest

from agnews.function.events.dispatch import DIRECT_SOURCES, WARMUP_SOURCES, find_source
from tests.support.requirement import ROOT
from tests.support.runtime_api import RuntimeApi, answered, parsed
from tests.support.texts import GOAL, OIL, SCRIPTS

TALKS = "Ceasefire talks resume after border clashes leave dozens dead"

EXAMPLES = sorted((ROOT / "examples" / "events").glob("*.json"))


@pytest.mark.parametrize(
    ("event", "label"),
    [
        (GOAL, "Sports"),
        ({"text": OIL}, "Business"),
        ({"headline": GOAL}, "Sports"),
        ({"title": TALKS}, "World"),
        ({"title": "Tonight", "description": GOAL}, "Sports"),
        ({"text": None, "headline": OIL}, "Business"),
        ({"text": OIL, "description": None, "top_k": None, "min_score": None}, "Business"),
    ],
)
def test_one_text_is_answered_with_one_prediction(lambda_: RuntimeApi, event: object, label: str) -> None:
    answer = answered(lambda_, event)
    assert (sorted(answer), answer["label"], answer["truncated"]) == (["label", "score", "truncated"], label, False)
    assert 0.25 < answer["score"] <= 1


@pytest.mark.parametrize(
    "event",
    [
        [GOAL, OIL],
        {"text": [GOAL, OIL]},
        {"headline": [GOAL, OIL]},
        {"title": [GOAL, OIL]},
        {"texts": [GOAL, OIL]},
        {"headlines": [GOAL, OIL]},
        {"inputs": [GOAL, OIL]},
        {"texts": [{"text": GOAL}, {"headline": OIL}]},
        [{"title": GOAL}, OIL],
        {"Items": [{"title": GOAL}, {"text": OIL}]},
        {"Items": [GOAL, OIL], "BatchInput": None},
        {"Items": [{"h": GOAL, "text": OIL}, {"h": OIL}], "BatchInput": {"text_column": "h"}},
        {
            "Items": [{"h": "Tonight", "d": GOAL}, {"h": OIL}],
            "BatchInput": {"text_column": "h", "description_column": "d"},
        },
    ],
)
def test_a_list_is_answered_in_order(lambda_: RuntimeApi, event: object) -> None:
    answer = answered(lambda_, event)
    assert [prediction["label"] for prediction in answer["predictions"]] == ["Sports", "Business"]
    assert (answer["count"], answer["errors"], answer["model"]["engine"]) == (2, 0, "onnx")


def test_inputs_may_be_one_string_and_is_answered_as_a_list(lambda_: RuntimeApi) -> None:
    assert [prediction["label"] for prediction in answered(lambda_, {"inputs": GOAL})["predictions"]] == ["Sports"]


@pytest.mark.parametrize("event", [[], {"texts": []}, {"text": []}, {"Items": []}])
def test_an_empty_list_is_answered_with_no_predictions(lambda_: RuntimeApi, event: object) -> None:
    answer = answered(lambda_, event)
    assert (answer["predictions"], answer["count"], answer["errors"]) == ([], 0, 0)


def test_ids_are_echoed_as_they_were_sent(lambda_: RuntimeApi) -> None:
    ids = ["a", 7, 1.5, "Ü 🎉", ""]
    answer = answered(lambda_, [{"id": sent, "text": GOAL} for sent in ids])
    assert [prediction["id"] for prediction in answer["predictions"]] == ids
    answer = answered(lambda_, {"Items": [{"key": "k1", "text": ""}], "BatchInput": {"id_column": "key"}})
    assert answer["predictions"][0]["id"] == "k1"


@pytest.mark.parametrize("top_k", [2, 3, 4])
def test_top_k_lists_that_many_scores_from_the_best_down(lambda_: RuntimeApi, top_k: int) -> None:
    single = answered(lambda_, {"text": GOAL, "top_k": top_k})
    listed = answered(lambda_, {"Items": [{"text": GOAL}], "BatchInput": {"top_k": top_k}})["predictions"][0]
    assert single["scores"] == listed["scores"]
    values = list(single["scores"].values())
    assert (len(values), values) == (top_k, sorted(values, reverse=True))
    assert next(iter(single["scores"].items())) == (single["label"], single["score"])


@pytest.mark.parametrize(("min_score", "label", "abstained"), [(1, None, True), (0.3, "Sports", False)])
def test_min_score_decides_between_a_label_and_abstaining(
    lambda_: RuntimeApi, min_score: float, label: str | None, abstained: bool
) -> None:
    answer = answered(lambda_, {"texts": [GOAL], "min_score": min_score})["predictions"][0]
    assert (answer["label"], answer["abstained"]) == (label, abstained)


def test_a_warm_up_tells_the_model_and_classifies_nothing(lambda_: RuntimeApi) -> None:
    answer = answered(lambda_, {"warmup": True})
    assert (answer["warm"], sorted(answer["model"])) == (True, ["engine", "revision", "source"])


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_event_is_answered(lambda_: RuntimeApi, path: Path) -> None:
    parsed(lambda_.invoke(path.read_bytes()))


def test_the_example_events_are_of_every_source() -> None:
    events = [json.loads(path.read_text(encoding="utf-8")) for path in EXAMPLES]
    assert {find_source(event, DIRECT_SOURCES) for event in events} == set(DIRECT_SOURCES) - set(WARMUP_SOURCES)


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_is_answered_alike_escaped_and_as_raw_utf8(lambda_: RuntimeApi, text: str) -> None:
    event = {"texts": [{"id": text, "text": text}], "top_k": 4}
    escaped = lambda_.invoke(json.dumps(event).encode())
    raw = lambda_.invoke(json.dumps(event, ensure_ascii=False).encode())
    assert parsed(escaped) == parsed(raw)
    assert parsed(raw)["predictions"][0]["id"] == text
    assert text.encode() in raw.body  # not escaped: what a person sees in the console is readable


def test_ten_thousand_headlines_are_one_event(lambda_: RuntimeApi) -> None:
    answer = answered(lambda_, [{"id": index, "text": f"{GOAL} {index % 50}"} for index in range(10_000)])
    assert (answer["count"], answer["errors"]) == (10_000, 0)
    assert [prediction["id"] for prediction in answer["predictions"]] == list(range(10_000))
    assert {prediction["label"] for prediction in answer["predictions"]} == {"Sports"}


def test_a_text_of_the_longest_length_is_cut_and_says_so(lambda_: RuntimeApi) -> None:
    answer = answered(lambda_, {"text": (GOAL + " ") * (100_000 // (len(GOAL) + 1))})
    assert (answer["label"], answer["truncated"]) == ("Sports", True)
