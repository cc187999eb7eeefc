"""A checkpoint's own labels, of any number and name, through events, HTTP, records, Python, files and evaluation."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.requirement import require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("onnx", "rich")

import agnews
from agnews.api.values import Json
from agnews.cli.main import main
from agnews.cli.terminal import STYLES, styles_of
from agnews.errors import AnswerSizeError, InputError
from agnews.function.events.dispatch import answer
from agnews.function.events.records import Record, classify_records
from agnews.model.classifier import Classifier, load
from agnews.settings import Settings
from tests.support.labelled import FIVE, HUNDRED, ODD, THIRTY, headline_about, write_labelled
from tests.support.payloads import post_event, status_and_error

LABELS = {"five": FIVE, "thirty": THIRTY, "hundred": HUNDRED, "odd": ODD}
Ask = Callable[[str, int, Classifier], Any]
"""Takes a text and a `top_k`; returns the prediction or raises InputError."""


@pytest.fixture(scope="module", params=LABELS)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_labelled(tmp_path_factory.mktemp("labels") / "model_cache", LABELS[request.param])


@pytest.fixture(scope="module")
def own(folder: Path) -> Classifier:
    return load(Settings(model_dir=folder, workers=1))


@pytest.fixture(scope="module")
def hundred(tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    path = write_labelled(tmp_path_factory.mktemp("labels") / "model_cache", HUNDRED)
    return load(Settings(model_dir=path, workers=1))


def settings_of(own: Classifier) -> Settings:
    return Settings(model_dir=own.checkpoint.folder, workers=1)


def direct(text: str, top_k: int, own: Classifier) -> Any:
    return answer({"text": text, "top_k": top_k}, own, settings_of(own))


def listed(text: str, top_k: int, own: Classifier) -> Any:
    event: Json = {"texts": [text], "top_k": top_k}
    reply: Any = answer(event, own, settings_of(own))
    return reply["predictions"][0]


def batch(text: str, top_k: int, own: Classifier) -> Any:
    event: Json = {"Items": [text], "BatchInput": {"top_k": top_k}}
    reply: Any = answer(event, own, settings_of(own))
    return reply["predictions"][0]


def http(text: str, top_k: int, own: Classifier) -> Any:
    reply: Any = answer(post_event(json.dumps({"text": text}), top_k=str(top_k)), own, settings_of(own))
    if reply["statusCode"] != 200:
        raise InputError(status_and_error(reply)[2])
    return json.loads(reply["body"])


def record(text: str, top_k: int, own: Classifier) -> Any:
    body = json.dumps({"text": text, "top_k": top_k})
    (result,) = classify_records([Record("1", body)], own, settings_of(own), float("inf"))
    if result.error:
        raise result.error
    return result.answer


def python(text: str, top_k: int, own: Classifier) -> Any:
    return agnews.load(model_dir=own.checkpoint.folder).classify(text, top_k=top_k)


ASKS = [direct, listed, batch, http, record, python]


@pytest.mark.parametrize("ask", ASKS)
def test_an_answer_has_the_checkpoint_s_labels_and_all_of_them_with_the_largest_top_k(
    ask: Ask, own: Classifier
) -> None:
    last = len(own.labels) - 1
    prediction = ask(headline_about(last), last + 1, own)
    assert prediction["label"] == own.labels[last]
    assert list(prediction["scores"]) == [own.labels[last], *own.labels[:last]], "equal scores, in the labels' order"
    assert json.loads(json.dumps(prediction)) == prediction


@pytest.mark.parametrize("ask", ASKS)
def test_a_top_k_above_the_number_of_labels_is_refused_with_that_number(ask: Ask, own: Classifier) -> None:
    with pytest.raises(InputError, match=f"top_k must be a whole number from 1 to {len(own.labels)}, found "):
        ask(headline_about(0), len(own.labels) + 1, own)


def test_python_lists_the_labels(own: Classifier) -> None:
    assert agnews.load(model_dir=own.checkpoint.folder).labels == own.labels


def test_an_explanation_names_the_word_that_decides(own: Classifier) -> None:
    text = headline_about(1)
    prediction: Any = answer({"text": text, "explain": True}, own, settings_of(own))
    best = max(prediction["explanation"], key=lambda word: word["contribution"])
    assert (prediction["label"], best["word"]) == (own.labels[1], text.split()[-1])


@pytest.mark.parametrize("top_k", [1, 2])
def test_a_csv_file_of_answers_has_each_label_and_a_column_for_each_score(
    top_k: int, own: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGNEWS_MODEL_DIR", str(own.checkpoint.folder))
    given, out = tmp_path / "in.txt", tmp_path / "out.csv"
    given.write_text("".join(f"{headline_about(index)}\n" for index in range(len(own.labels))))
    assert main(["classify", str(given), "--output", str(out), "--top-k", str(top_k)]) == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"), newline="")))
    assert [row["label"] for row in rows] == [*own.labels]
    columns = [name for name in rows[0] if name.startswith("score_")]
    assert columns == ([f"score_{label}" for label in own.labels] if top_k > 1 else [])
    for row in rows if top_k > 1 else ():
        assert row[f"score_{row['label']}"] == row["score"]


def test_json_lines_and_tables_have_the_labels_as_they_are(
    own: Classifier, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGNEWS_MODEL_DIR", str(own.checkpoint.folder))
    texts = [headline_about(index) for index in range(len(own.labels))]
    assert main(["classify", "--format", "jsonl", *texts]) == 0
    assert [json.loads(line)["label"] for line in capsys.readouterr().out.splitlines()] == [*own.labels]
    assert main(["classify", "--format", "table", *texts]) == 0
    header, *lines = capsys.readouterr().out.splitlines()
    width = header.index("SCORE")
    for line, label, text in zip(lines, own.labels, texts, strict=True):
        assert line.startswith(f"{label:<{width - 2}}  0.")
        assert line.endswith(text)


def test_a_topic_s_colour_is_that_of_its_place_among_the_labels() -> None:
    styles = styles_of(THIRTY)
    assert [styles[label] for label in THIRTY[: len(STYLES)]] == [*STYLES]
    assert styles[THIRTY[len(STYLES)]] == STYLES[0]


def evaluated(own: Classifier, names: list[str], folder: Path, *arguments: str) -> Any:
    """Return the metrics of a file with a row for each label of the checkpoint, named so in the file."""
    path = folder / "labelled.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["text", "label"])
        writer.writerows([headline_about(index), name] for index, name in enumerate(names))
    assert main(["evaluate", str(path), "--report", str(folder / "report"), *arguments]) == 0
    report = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    assert report["installation"]["labels"] == [*own.labels]
    return report["views"]["title"]["metrics"]


@pytest.mark.parametrize("first", [None, 0, 1])
def test_an_evaluation_knows_the_checkpoint_s_labels_by_name_and_by_number(
    first: int | None, own: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGNEWS_MODEL_DIR", str(own.checkpoint.folder))
    names = list(own.labels) if first is None else [str(first + index) for index in range(len(own.labels))]
    metrics = evaluated(own, names, tmp_path)
    assert (metrics["texts"], metrics["accuracy"]) == (len(own.labels), 1)
    assert list(metrics["classes"]) == [*own.labels]


def test_labels_of_a_file_are_given_topics_with_commas_and_equals_signs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_labelled(tmp_path / "model_cache", ODD)
    own = load(Settings(model_dir=path, workers=1))
    monkeypatch.setenv("AGNEWS_MODEL_DIR", str(path))
    names = ["a=b", "two", *ODD[2:]]
    pairs = '"a=b=Politics, local","two=So-called ""life"""'
    assert evaluated(own, names, tmp_path, "--labels", pairs)["accuracy"] == 1


def test_checkpoints_with_other_labels_are_not_compared(
    own: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGNEWS_MODEL_DIR", str(own.checkpoint.folder))
    other = write_labelled(tmp_path / "other", own.labels[::-1])
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,1\nb,0\n")
    assert main(["evaluate", str(path), "--compare", str(other)]) == 2
    assert "has other labels than" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("event", "setting"),
    [
        ({"texts": [headline_about(0)] * 10_000, "top_k": 100}, "AGNEWS_MAX_ANSWER_BYTES"),
        ({"Items": [headline_about(0)] * 500, "BatchInput": {"top_k": 100}}, "AGNEWS_MAX_ITEMS_ANSWER_BYTES"),
    ],
)
def test_an_answer_with_too_many_scores_is_refused_with_what_to_lower(
    event: Json, setting: str, hundred: Classifier
) -> None:
    with pytest.raises(AnswerSizeError, match=rf"\({setting}\); send fewer texts, lower top_k"):
        answer(event, hundred, settings_of(hundred))


def test_info_shows_the_first_of_many_labels(
    hundred: Classifier, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AGNEWS_MODEL_DIR", str(hundred.checkpoint.folder))
    assert main(["info"]) == 0
    assert "labels       Section 1, Section 2, " in (shown := capsys.readouterr().out)
    assert "Section 10, … (100 in all)\n" in shown
    assert main(["info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["labels"] == [*HUNDRED]
