import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from agnews.api.answer import list_answer
from agnews.api.values import Json, describe_value
from agnews.errors import AgNewsError, AnswerSizeError, InputError, LimitError, ModelError
from agnews.function.events.direct import OneText, TextList
from agnews.function.events.dispatch import DIRECT_SOURCES, SOURCES, answer, find_source
from agnews.function.events.distributed_map import DistributedMap
from agnews.function.events.eventbridge import EventBridge
from agnews.function.events.http import Alb, ApiGatewayV1, ApiGatewayV2, FunctionUrl
from agnews.function.events.sns_pipes import Pipe, Sns
from agnews.function.events.sqs_kinesis import Kinesis, Sqs
from agnews.function.events.warmups import ScheduledEvent, Warmup, WarmupPlugin
from agnews.model.classifier import Classifier
from agnews.model.encode import Encoder
from agnews.settings import EngineName, Settings
from tests.support.bad_events import BAD_EVENTS
from tests.support.requirement import ROOT, require_module
from tests.support.texts import GOAL, OIL

PAYLOADS = [
    *sorted((ROOT / "examples" / "events").glob("*.json")),
    *sorted((ROOT / "tests" / "payloads").glob("*.json")),
]
EXPECTED_SOURCES: dict[str, object] = {
    "distributed_map": DistributedMap,
    "headline_with_description": OneText,
    "list": TextList,
    "objects_with_ids": TextList,
    "options": TextList,
    "single": OneText,
    "warmup": Warmup,
    "alb_health": Alb,
    "alb_multi_value": Alb,
    "api_gateway_v1": ApiGatewayV1,
    "api_gateway_v2": ApiGatewayV2,
    "eventbridge": EventBridge,
    "eventbridge_schedule": ScheduledEvent,
    "eventbridge_scheduler": ScheduledEvent,
    "function_url_get": FunctionUrl,
    "function_url_post": FunctionUrl,
    "function_url_signed": FunctionUrl,
    "kinesis": Kinesis,
    "lambda_warmer": WarmupPlugin,
    "pipe_kinesis": Pipe,
    "pipe_sqs": Pipe,
    "sns": Sns,
    "sqs": Sqs,
    "sqs_eventbridge": Sqs,
    "sqs_fifo": Sqs,
    "warmup_plugin": WarmupPlugin,
}
"""The only class that matches each payload."""
NOT_A_NUMBER: list[tuple[Json, str, str]] = [
    ({"text": float("nan")}, "InputError", "found the number nan"),
    ({"text": GOAL, "min_score": float("nan")}, "InputError", "found the number nan"),
]
"""Values that only Python has; no client can send them as JSON."""


@pytest.mark.parametrize("path", PAYLOADS, ids=lambda path: path.stem)
def test_each_payload_matches_exactly_one_event_source(path: Any) -> None:
    event = json.loads(path.read_text(encoding="utf-8"))
    assert [source for source in SOURCES if source.matches(event)] == [EXPECTED_SOURCES[path.stem]]


@pytest.mark.parametrize("event", [None, True, 3, 1.5, {}, {"body": "x"}, {"Records": []}])
def test_an_event_of_no_known_form_is_refused_by_what_it_is_and_then_the_forms(event: Json) -> None:
    with pytest.raises(InputError) as refusal:
        find_source(event, DIRECT_SOURCES)
    message = str(refusal.value)
    assert message.startswith(f"found {describe_value(event)}")
    assert all(source.form in message for source in SOURCES)
    assert len(message) < 400


@pytest.mark.parametrize(
    ("event", "remedy"),
    [
        ({"txt": GOAL}, "send the headline as 'text' instead of 'txt'"),
        ({"instances": [GOAL, GOAL]}, "send the headlines as 'texts' instead of 'instances'"),
        ({"body": json.dumps({"text": GOAL})}, "send what is in 'body' by itself"),
        ({"Payload": {"text": GOAL}}, "send what is in 'Payload' by itself"),
    ],
)
def test_a_text_under_another_key_is_refused_by_that_key(event: Json, remedy: str) -> None:
    with pytest.raises(InputError, match=f"{remedy}$"):
        find_source(event, DIRECT_SOURCES)


@pytest.mark.parametrize(("event", "error_type", "message"), [*BAD_EVENTS, *NOT_A_NUMBER])
def test_a_request_that_is_unusable_as_a_whole_is_refused(
    classifier: Classifier, settings: Settings, event: Json, error_type: str, message: str
) -> None:
    with pytest.raises(AgNewsError) as refusal:
        answer(event, classifier, settings)
    assert type(refusal.value).__name__ == error_type
    assert message in str(refusal.value)


def test_more_texts_than_the_limit_are_refused(classifier: Classifier) -> None:
    with pytest.raises(LimitError, match=r"3 texts in one request, at most 2 are allowed .AGNEWS_MAX_TEXTS."):
        answer([GOAL] * 3, classifier, Settings(max_texts=2))


def test_bad_items_become_errors_in_their_place(classifier: Classifier, settings: Settings) -> None:
    items: list[Json] = [
        GOAL,
        "",
        None,
        {"id": 4},
        {"id": "five", "title": GOAL},
        6.5,
        [GOAL],
        {"text": GOAL, "id": {}},
    ]
    reply: Any = answer(items, classifier, settings)
    kinds = [item.get("label") or item["error"]["type"] for item in reply["predictions"]]
    error = "InputError"
    assert kinds == ["Sports", error, error, error, "Sports", error, error, error]
    assert [item.get("id") for item in reply["predictions"]] == [None, None, None, 4, "five", None, None, None]
    assert (reply["count"], reply["errors"]) == (8, 6)


@pytest.mark.parametrize("event", [{"text": GOAL, "texts": None}, {"text": None, "title": GOAL, "id": None}])
def test_null_under_a_key_is_the_key_left_out(classifier: Classifier, settings: Settings, event: Json) -> None:
    reply: Any = answer(event, classifier, settings)
    assert reply["label"] == "Sports"


def test_two_strings_are_two_headlines_never_a_pair(classifier: Classifier, settings: Settings) -> None:
    reply: Any = answer([GOAL, "Oil prices climb as shares fall"], classifier, settings)
    assert [item["label"] for item in reply["predictions"]] == ["Sports", "Business"]


def test_top_k_lists_the_best_scores_descending(classifier: Classifier, settings: Settings) -> None:
    reply: Any = answer({"text": GOAL, "top_k": 4}, classifier, settings)
    values = list(reply["scores"].values())
    assert len(values) == 4
    assert values == sorted(values, reverse=True)
    assert (reply["label"], reply["score"]) == next(iter(reply["scores"].items()))
    assert sum(values) == pytest.approx(1, abs=4e-4)


def test_below_min_score_the_label_is_null_and_the_score_stays(classifier: Classifier, settings: Settings) -> None:
    sure: Any = answer({"text": GOAL, "min_score": 0.3}, classifier, settings)
    unsure: Any = answer({"text": GOAL, "min_score": 1}, classifier, settings)
    assert (sure["label"], sure["abstained"]) == ("Sports", False)
    assert (unsure["label"], unsure["abstained"], unsure["score"]) == (None, True, sure["score"])


def test_items_take_their_columns_and_options_from_batch_input(classifier: Classifier, settings: Settings) -> None:
    event: Json = {
        "Items": [{"h": "Tonight", "d": GOAL, "key": "a"}, {"title": GOAL, "key": "b"}],
        "BatchInput": {"text_column": "h", "description_column": "d", "id_column": "key", "top_k": 2},
    }
    reply: Any = answer(event, classifier, settings)
    good, bad = reply["predictions"]
    assert (good["id"], good["label"], len(good["scores"])) == ("a", "Sports", 2)
    assert (bad["id"], bad["error"]["message"]) == ("b", "no text: expected 'h'; found keys 'title', 'key'")


@pytest.mark.parametrize(
    "batch_input", [{"text_column": "Kop", "id_column": "NR"}, {"text_column": "KOP ", "id_column": "nr"}]
)
def test_named_columns_ignore_case_and_blanks(
    classifier: Classifier, settings: Settings, batch_input: dict[str, Json]
) -> None:
    reply: Any = answer({"Items": [{" kop": GOAL, "Nr": 7}], "BatchInput": batch_input}, classifier, settings)
    assert [(item["id"], item["label"]) for item in reply["predictions"]] == [(7, "Sports")]


def test_an_item_without_the_named_id_is_an_error_and_one_without_a_description_is_not(
    classifier: Classifier, settings: Settings
) -> None:
    items: list[Json] = [{"nr": 1, "text": GOAL, "more": OIL}, {"nr": 2, "text": GOAL}, {"text": GOAL}]
    batch_input: Json = {"id_column": "nr", "description_column": "more"}
    reply: Any = answer({"Items": items, "BatchInput": batch_input}, classifier, settings)
    assert [item.get("id") for item in reply["predictions"]] == [1, 2, None]
    assert "has no column 'nr'; its columns are 'text'" in reply["predictions"][2]["error"]["message"]


@pytest.mark.parametrize(
    "event",
    [
        {"text": GOAL, "options": {"top_k": 2}},
        {"Title": GOAL, "parameters": {"top_k": 2, "function_to_apply": "softmax", "truncation": True}},
        {"inputs": [GOAL], "parameters": {"top_k": 2}, "options": {"wait_for_model": True, "use_cache": False}},
        {"Items": [{"title": GOAL}], "BatchInput": {"options": {"top_k": 2}}},
        {"text": GOAL, " Options": '{"Top_K": 2}'},
        {"ITEMS": [{"title": GOAL}], "Batch Input": {"Parameters": {"TOP_K": 2}, "run": "2026-11-29"}},
        {"inputs": {"text": GOAL}, "top_k": 2},
        {"Texts": [{"h": GOAL, "text": OIL}], "top_k": 2, "text_column": "h"},
        {"text": GOAL, "top_k": 2, "parameters": None},
    ],
)
def test_options_are_honoured_wherever_clients_put_them(
    classifier: Classifier, settings: Settings, event: Json
) -> None:
    reply: Any = answer(event, classifier, settings)
    (prediction,) = reply.get("predictions", [reply])
    assert (prediction["label"], len(prediction["scores"])) == ("Sports", 2)


def test_an_answer_beyond_its_limit_is_refused_by_name(classifier: Classifier) -> None:
    with pytest.raises(AnswerSizeError, match=r"at most 100 are allowed .AGNEWS_MAX_ITEMS_ANSWER_BYTES."):
        answer({"Items": [GOAL, GOAL]}, classifier, Settings(max_items_answer_bytes=100))


@pytest.mark.parametrize("image", ["AWS_Lambda_python3.13", "AWS_Lambda_python3.11", ""])
def test_the_size_that_is_checked_is_the_size_that_is_sent(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch, image: str
) -> None:
    require_module("awslambdaric")
    from awslambdaric.lambda_runtime_marshaller import to_json

    monkeypatch.setenv("AWS_EXECUTION_ENV", image)
    reply = list_answer([{"id": "ключ", "label": "World", "score": 0.5, "truncated": False}], classifier, 10_000, "")
    size = len(to_json(reply).encode())
    assert list_answer(reply["predictions"], classifier, size, "") == reply
    with pytest.raises(AnswerSizeError):
        list_answer(reply["predictions"], classifier, size - 1, "")


class FailingEngine:
    """Fails like ONNX Runtime and torch: with an exception class that is not ours."""

    name: EngineName = "onnx"
    max_tokens = threads = 1
    pads = False

    def logits(self, ids: Sequence[list[int]], alone: bool) -> NDArray[np.float32]:
        raise MemoryError("no room for 9 bytes")


def test_an_engine_that_fails_is_reported_as_a_model_error(classifier: Classifier, settings: Settings) -> None:
    failing = Classifier(classifier.checkpoint, Encoder(classifier.checkpoint), FailingEngine())
    with pytest.raises(ModelError, match=r"the onnx engine failed .MemoryError: no room for 9 bytes."):
        answer(GOAL, failing, settings)


def test_an_empty_list_gets_no_predictions(classifier: Classifier, settings: Settings) -> None:
    reply: Any = answer([], classifier, settings)
    assert (reply["predictions"], reply["count"], reply["errors"]) == ([], 0, 0)
