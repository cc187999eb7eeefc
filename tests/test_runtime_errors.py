import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.requirement import ROOT, require_module
from tests.runtime_api import PATIENCE_S, RuntimeApi, answered, parsed, runtime
from tests.texts import GOAL, OIL


@pytest.mark.parametrize(
    ("event", "error_type", "message"),
    [
        (None, "InputError", "an event must be one of"),
        (True, "InputError", "Found true"),
        (3, "InputError", "Found the number 3"),
        ({}, "InputError", "an object with no keys"),
        ({"body": "x"}, "InputError", "'body'"),
        ("", "InputError", "the text is empty"),
        ({"text": " \n"}, "InputError", "the text is empty"),
        ({"text": 3}, "InputError", "a text must be a string"),
        ({"text": {"text": GOAL}}, "InputError", "a text must be a string"),
        ({"text": None}, "InputError", "no text"),
        ({"text": GOAL, "description": 3}, "InputError", "'description' must be a string"),
        ({"text": GOAL, "id": []}, "InputError", "'id' must be a string or a number"),
        ({"text": GOAL, "id": "x" * 257}, "LimitError", "at most 256"),
        ({"text": "\ud800 goal"}, "InputError", "lone surrogate"),
        ({"text": GOAL, "id": "\udfff"}, "InputError", "lone surrogate"),
        ({"text": "a" * 1024 * 1024}, "LimitError", "1,048,576 characters, at most 100,000 (AGNEWS_MAX_CHARS)"),
        ({"texts": GOAL}, "InputError", "must be a list"),
        ({"texts": None}, "InputError", "one list of texts expected"),
        ({"texts": [GOAL], "headlines": [GOAL]}, "InputError", "found 'texts' and 'headlines'"),
        (["a"] * 10_001, "LimitError", "10,001 texts in one request, at most 10,000 (AGNEWS_MAX_TEXTS)"),
        ({"text": GOAL, "top_k": 0}, "InputError", "top_k must be a whole number from 1 to 4"),
        ({"text": GOAL, "top_k": 5}, "InputError", "top_k"),
        ({"text": GOAL, "top_k": "2"}, "InputError", "top_k"),
        ({"text": GOAL, "top_k": True}, "InputError", "top_k"),
        ({"texts": [GOAL], "min_score": 1.1}, "InputError", "min_score must be a number from 0 to 1"),
        ({"texts": [GOAL], "min_score": -0.1}, "InputError", "min_score"),
        ({"texts": [GOAL], "topK": 2}, "InputError", "write 'top_k'"),
        ({"text": GOAL, "min-score": 0.5}, "InputError", "write 'min_score'"),
        ({"warmup": False}, "InputError", "a warm-up is exactly"),
        ({"warmup": True, "text": GOAL}, "InputError", "a warm-up is exactly"),
        ({"Items": GOAL}, "InputError", "'Items' must be a list"),
        ({"Items": [], "BatchInput": []}, "InputError", "'BatchInput' must be an object"),
        ({"Items": [], "BatchInput": {"text_column": 1}}, "InputError", "'text_column' must be a column's name"),
        ({"Items": [], "BatchInput": {"top_k": 9}}, "InputError", "top_k"),
        ({"Items": [{"id": "x" * 250, "text": GOAL}] * 2000}, "AnswerSizeError", "send fewer or lower top_k"),
    ],
)
def test_a_bad_event_is_refused_with_a_named_error(
    lambda_: RuntimeApi, event: object, error_type: str, message: str
) -> None:
    error = parsed(lambda_.invoke(json.dumps(event).encode()), "error")
    assert error["errorType"] == error_type
    assert message in error["errorMessage"]


@pytest.mark.parametrize("event", [b"{bad", b"", b'{"text": "\xff"}', b"NaN", b'{"text": "a"} x', b"[" * 100_000])
def test_bytes_that_are_not_json_are_refused_and_the_next_event_is_answered(lambda_: RuntimeApi, event: bytes) -> None:
    assert parsed(lambda_.invoke(event), "error")["errorType"] == "Runtime.UnmarshalError"
    assert answered(lambda_, GOAL)["label"] == "Sports"


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-1e999"])
def test_a_number_that_json_does_not_have_never_comes_back(lambda_: RuntimeApi, number: bytes) -> None:
    outcome = lambda_.invoke(b'[{"text": "a goal", "id": ' + number + b"}]")
    assert b"errorType" in outcome.body or parsed(outcome)["predictions"][0]["error"]["type"] == "InputError"


@pytest.mark.parametrize(
    ("item", "error_type"),
    [
        ("", "InputError"),
        (None, "InputError"),
        (3, "InputError"),
        ([GOAL, OIL], "InputError"),
        ({}, "InputError"),
        ({"body": GOAL}, "InputError"),
        ({"id": {}, "text": GOAL}, "InputError"),
        ({"id": "\ud800", "text": GOAL}, "InputError"),
        ("\ud800", "InputError"),
        ("a" * 100_001, "LimitError"),
    ],
)
def test_a_bad_item_becomes_an_error_in_its_place(lambda_: RuntimeApi, item: object, error_type: str) -> None:
    answer = answered(lambda_, [GOAL, item, OIL])
    first, bad, last = answer["predictions"]
    assert (first["label"], last["label"], answer["errors"]) == ("Sports", "Business", 1)
    assert (sorted(bad), bad["error"]["type"]) == (["error"], error_type)


@pytest.mark.parametrize("left_ms", [300, 0, -5000])
def test_a_list_short_of_time_is_answered_with_deadline_errors(lambda_: RuntimeApi, left_ms: int) -> None:
    answer = answered(lambda_, [{"id": 1, "text": GOAL}, OIL], left_ms)
    assert [prediction["error"]["type"] for prediction in answer["predictions"]] == ["DeadlineError"] * 2
    assert (answer["predictions"][0]["id"], answer["errors"]) == (1, 2)


def test_one_text_short_of_time_is_refused_with_a_deadline_error(lambda_: RuntimeApi) -> None:
    late = lambda_.invoke(json.dumps(GOAL).encode(), left_ms=300)
    assert parsed(late, "error")["errorType"] == "DeadlineError"
    assert answered(lambda_, GOAL)["label"] == "Sports"


def damaged(folder: Path) -> Path:
    """A copy of model_cache/ with one byte of the tokenizer changed."""
    shutil.copytree(ROOT / "model_cache", folder)
    content = (folder / "tokenizer.json").read_bytes()
    (folder / "tokenizer.json").write_bytes(content.replace(b"{", b"[", 1))
    return folder


def init_error(log: Path, **settings: str) -> Any:
    require_module("awslambdaric")
    with runtime(log, **settings) as api:
        return parsed(api.found.get(timeout=PATIENCE_S), "init/error")


@pytest.mark.parametrize(
    ("settings", "error_type", "message"),
    [
        ({"AGNEWS_ENGINE": "gpu"}, "SettingsError", "AGNEWS_ENGINE is 'gpu'; choose one of onnx, pipeline"),
        ({"AGNEWS_WORKERS": "0"}, "SettingsError", "AGNEWS_WORKERS is '0'"),
        ({"AGNEWS_MODEL_DIR": "/nowhere"}, "ModelError", "cannot read /nowhere/manifest.json"),
    ],
)
def test_a_wrong_setting_is_an_init_error(
    tmp_path: Path, settings: dict[str, str], error_type: str, message: str
) -> None:
    error = init_error(tmp_path / "log.txt", **settings)
    assert error["errorType"] == error_type
    assert message in error["errorMessage"]


def test_a_damaged_checkpoint_is_an_init_error(tmp_path: Path) -> None:
    error = init_error(tmp_path / "log.txt", AGNEWS_MODEL_DIR=str(damaged(tmp_path / "model_cache")))
    assert error["errorType"] == "ModelError"
    assert "is not the file that was baked" in error["errorMessage"]
