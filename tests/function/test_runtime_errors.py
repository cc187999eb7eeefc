import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.bad_events import BAD_EVENTS, BAD_ITEMS
from tests.support.requirement import ROOT, require_module
from tests.support.runtime_api import PATIENCE_S, RuntimeApi, answered, parsed, runtime
from tests.support.texts import GOAL, OIL


@pytest.mark.parametrize(("event", "error_type", "message"), BAD_EVENTS)
def test_a_bad_event_is_refused_with_a_named_error(
    lambda_: RuntimeApi, event: object, error_type: str, message: str
) -> None:
    error = parsed(lambda_.invoke(json.dumps(event).encode()), "error")
    assert error["errorType"] == error_type
    assert message in error["errorMessage"]


@pytest.mark.parametrize(
    "event",
    [
        b"{bad",
        b"",
        b'{"text": "\xff"}',
        b'{"text": "a"} x',
        b"[" * 100_000,
        b"NaN",
        b'[{"text": "a goal", "id": NaN}]',
        b'{"text": "a goal", "min_score": -Infinity}',
    ],
)
def test_bytes_that_are_not_json_are_refused_and_the_next_event_is_answered(lambda_: RuntimeApi, event: bytes) -> None:
    assert parsed(lambda_.invoke(event), "error")["errorType"] == "Runtime.UnmarshalError"
    assert answered(lambda_, GOAL)["label"] == "Sports"


@pytest.mark.parametrize(("number", "shown"), [(b"1e999", "the number inf"), (b"-1e999", "the number -inf")])
def test_a_number_beyond_all_floats_is_refused_and_never_comes_back(
    lambda_: RuntimeApi, number: bytes, shown: str
) -> None:
    (bad,) = parsed(lambda_.invoke(b'[{"text": "a goal", "id": ' + number + b"}]"))["predictions"]
    assert sorted(bad) == ["error"]
    assert bad["error"]["type"] == "InputError"
    assert shown in bad["error"]["message"]


@pytest.mark.parametrize(("item", "error_type"), BAD_ITEMS)
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
    content = (folder / "vocab.txt").read_bytes()
    (folder / "vocab.txt").write_bytes(content.replace(b"[", b"{", 1))
    return folder


def init_error(log: Path, **settings: str) -> Any:
    require_module("awslambdaric")
    with runtime(log, **settings) as api:
        return parsed(api.outcomes.get(timeout=PATIENCE_S), "init/error")


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
