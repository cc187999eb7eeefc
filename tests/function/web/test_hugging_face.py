"""Hugging Face's protocol, at the root: what its own client asks and gets."""

import json
from typing import Any

import pytest

from agnews.api.values import Json
from agnews.function.events.dispatch import answer
from agnews.function.web.hugging_face import event_of
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.payloads import post_event, status_and_error
from tests.support.requirement import require_module
from tests.support.texts import GOAL, OIL


def test_its_client_gets_labels_and_scores_and_reads_why_a_request_is_refused(served_url: str) -> None:
    require_module("huggingface_hub")
    from huggingface_hub import InferenceClient
    from huggingface_hub.errors import HfHubHTTPError

    client = InferenceClient(model=served_url)
    best, second = client.text_classification(GOAL, top_k=2)
    assert best.label == "Sports"
    assert best.score > second.score
    assert len(client.text_classification(OIL, function_to_apply="softmax")) == 4
    with pytest.raises(HfHubHTTPError, match="'function_to_apply' in 'parameters' can only be"):
        client.text_classification(OIL, function_to_apply="sigmoid")


@pytest.mark.parametrize(
    ("parameters", "counts"), [(None, [4, 4]), ({}, [4, 4]), ({"top_k": 1}, [1, 1]), ({"top_k": 3}, [3, 3])]
)
def test_a_list_of_inputs_gets_a_list_of_lists(
    parameters: Json, counts: list[int], classifier: Classifier, settings: Settings
) -> None:
    body = {"inputs": [GOAL, OIL], "parameters": parameters, "options": {"wait_for_model": True}}
    response: Any = answer(post_event(json.dumps(body), path="/"), classifier, settings)
    scores = json.loads(response["body"])
    assert [len(texts) for texts in scores] == counts
    assert [texts[0]["label"] for texts in scores] == ["Sports", "Business"]
    assert all(sorted(score) == ["label", "score"] for texts in scores for score in texts)


def test_without_top_k_all_labels_of_the_checkpoint_are_asked_for() -> None:
    assert event_of({"inputs": GOAL}, 30) == {"texts": [GOAL], "top_k": 30}


@pytest.mark.parametrize(
    ("body", "status", "error_type", "message"),
    [
        ({"text": GOAL}, 422, "InputError", "POST other requests to /classify. Found an object with keys 'text'"),
        (GOAL, 422, "InputError", "POST other requests to /classify"),
        ({"inputs": [GOAL, "NaN"]}, 422, "InputError", "inputs[1]: no text: 'NaN' stands for a missing value"),
        ({"inputs": "a" * 100_001}, 413, "LimitError", "inputs[0]: the text has 100,001 characters"),
        (
            {"inputs": GOAL, "parameters": {"min_score": 0.5}},
            422,
            "InputError",
            "'min_score' is an option of /classify",
        ),
        ({"inputs": GOAL, "parameters": {"top_k": 7}}, 422, "InputError", "top_k must be a whole number"),
    ],
)
def test_what_its_answers_have_no_place_for_is_refused(
    body: Json, status: int, error_type: str, message: str, classifier: Classifier, settings: Settings
) -> None:
    reply = status_and_error(answer(post_event(json.dumps(body), path="/"), classifier, settings))
    assert reply[:2] == (status, error_type)
    assert message in reply[2]
