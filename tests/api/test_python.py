"""`import agnews`: the function's answers from Python."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import agnews
from agnews.api.values import Json
from agnews.errors import InputError, ModelError, SettingsError
from agnews.function.events.dispatch import answer
from agnews.model.classifier import Classifier, load
from agnews.settings import Settings
from tests.support.requirement import ROOT
from tests.support.texts import GOAL, OIL

EVENTS = ROOT / "examples" / "events"
LIST_KEYS = {"texts", "headlines"}


@pytest.mark.parametrize("name", ["single", "headline_with_description"])
def test_one_text_has_the_functions_answer(classifier: Classifier, settings: Settings, name: str) -> None:
    event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    assert agnews.classify(event) == answer(event, classifier, settings)


@pytest.mark.parametrize("name", ["list", "objects_with_ids", "options"])
def test_a_list_has_the_predictions_of_the_functions_answer(
    classifier: Classifier, settings: Settings, name: str
) -> None:
    event = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    expected: Any = answer(event, classifier, settings)
    options = {key: value for key, value in event.items() if key not in LIST_KEYS}
    (texts,) = (event[key] for key in event.keys() & LIST_KEYS)
    assert agnews.classify(texts, **options) == expected["predictions"]


def test_options_mean_what_they_mean_in_an_event(classifier: Classifier, settings: Settings) -> None:
    prediction = agnews.classify(OIL, top_k=2, min_score=1, explain=True)
    assert prediction == answer({"text": OIL, "top_k": 2, "min_score": 1, "explain": True}, classifier, settings)
    assert (prediction["label"], prediction["abstained"], len(prediction["scores"])) == (None, True, 2)


def test_texts_may_come_from_any_iterable_and_exceed_a_requests_number() -> None:
    count = Settings().max_texts + 1
    predictions = agnews.classify(OIL for _ in range(count))
    assert {prediction["label"] for prediction in predictions} == {"Business"}
    assert len(predictions) == count


@pytest.mark.parametrize(
    "missing",
    ["", None, float("nan"), pytest.param(10**5000, id="many digits"), b"bytes", object(), {"body": GOAL}, {1: GOAL}],
)
def test_what_is_no_text_is_an_error_in_a_list_and_raised_alone(missing: Any) -> None:
    first, second = agnews.classify([missing, GOAL])
    assert (first["error"]["type"], second["label"]) == ("InputError", "Sports")
    with pytest.raises(InputError) as raised:
        agnews.classify(missing)
    assert str(raised.value) == first["error"]["message"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top_k": 5}, "top_k must be a whole number from 1 to 4, found the number 5"),
        ({"min_score": "high"}, "min_score must be a number from 0 to 1, found the string 'high'"),
        ({"explain": 1}, "explain must be true or false, found the number 1"),
        ({"top_k": (1, 2)}, "top_k must be a whole number from 1 to 4, found a value of type tuple"),
    ],
)
def test_an_option_with_a_bad_value_is_refused(options: Any, message: str) -> None:
    with pytest.raises(InputError) as raised:
        agnews.classify(GOAL, **options)
    assert str(raised.value) == message


@pytest.mark.parametrize("scalar", [np.int64, np.uint8, np.int32])
def test_numbers_of_numpy_are_numbers(scalar: Any) -> None:
    row = {"id": scalar(7), "title": OIL, "description": np.float32("nan")}
    expected = agnews.classify({"id": 7, "title": OIL}, top_k=2, min_score=0.5)
    half: Any = np.float16(0.5)
    assert agnews.classify(row, top_k=scalar(2), min_score=half) == expected
    json.dumps(agnews.classify([row], top_k=scalar(2)))


def test_columns_are_named_as_in_an_event(classifier: Classifier, settings: Settings) -> None:
    rows: list[dict[str, Json]] = [{"nr": 1, "body": OIL, "more": "a"}, {"nr": 2, "body": GOAL, "more": "b"}]
    names: Any = {"text_column": "body", "description_column": "more", "id_column": "nr"}
    expected: Any = answer({"texts": [*rows], **names}, classifier, settings)
    assert agnews.classify(rows, **names) == expected["predictions"]
    assert agnews.classify(rows[0], **names) == expected["predictions"][0]
    with pytest.raises(InputError, match="the list has no column 'boddy'"):
        agnews.classify(rows, text_column="boddy")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ({"title": OIL, "top_k": 2}, "'top_k' is an option; give it beside the texts, once for all of them"),
        (np.array("Oil"), "a text must be a string, found a value of type ndarray"),
        (5, "a text must be a string, found the number 5"),
    ],
)
def test_what_cannot_be_one_text_is_refused_with_the_cause(text: Any, message: str) -> None:
    with pytest.raises(InputError) as raised:
        agnews.classify(text)
    assert str(raised.value) == message


def test_a_loaded_classifier_has_the_engine_and_folder_that_were_chosen(tmp_path: Path) -> None:
    assert agnews.load(engine="onnx", model_dir=Settings().model_dir).classify([GOAL])[0]["label"] == "Sports"
    with pytest.raises(ModelError, match="cannot read"):
        agnews.load(model_dir=tmp_path)
    with pytest.raises(SettingsError, match="choose one of onnx, pipeline"):
        agnews.load(engine="cuda")  # type: ignore[arg-type]


def test_threads_that_come_first_together_load_one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = []

    def counted(settings: Settings) -> Classifier:
        loaded.append(load(settings))
        return loaded[-1]

    monkeypatch.setattr("agnews.api.python.load_classifier", counted)
    classifier = agnews.NewsClassifier()
    with ThreadPoolExecutor(8) as threads:
        predictions = list(threads.map(lambda _: classifier.classify(OIL), range(8)))
    assert {prediction["label"] for prediction in predictions} == {"Business"}
    assert len(loaded) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_is_answered_too() -> None:
    # It has the model of its parent, without the threads that the model hands a list to.
    script = """
import os, agnews
agnews.classify([f"headline {number}" for number in range(1000)])
child = os.fork()
assert len(agnews.classify([f"title {number}" for number in range(1000)])) == 1000
if child:
    raise SystemExit(os.waitpid(child, 0)[1])
"""
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", script]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_unknown_name_is_an_attribute_error_and_the_known_are_listed() -> None:
    assert {"NewsClassifier", "classify", "load", "__version__"} <= set(dir(agnews))
    with pytest.raises(AttributeError, match="module 'agnews' has no attribute 'clasify'"):
        agnews.clasify  # type: ignore[attr-defined]  # noqa: B018
