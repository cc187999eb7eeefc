"""Labels of one's own, from a CSV file to answers: trained, calibrated, baked, evaluated and served."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.requirement import require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers", "tqdm", "onnx", "awslambdaric", "jsonata", "yaml")

import torch

import download_model
from agnews.cli.main import main as agnews
from modeling import calibrate, train
from modeling.headlines import headlines
from tests.support.distributed_map import Run
from tests.support.labelled import FIVE, ODD
from tests.support.objects import table
from tests.support.payloads import bodiless_event
from tests.support.runtime_api import RuntimeApi, answered, runtime
from tests.support.stack import Stack
from tests.support.tiny_checkpoint import change_config, change_weights, vocabulary, write_safetensors

pytestmark = pytest.mark.usefixtures("one_torch_thread")

THIRTY = (*ODD, *(f"Section {number}" for number in range(len(ODD), 30)))
ROWS = 50
"""Of each label, the fewest that a training takes."""
BULK = {"bucket": "in", "key": "headlines.csv", "format": "csv", "output_bucket": "out", "output_prefix": "sections"}


WORDS = [word for word in vocabulary() if word.isalpha() and len(word) > 4]
TEXTS = headlines(ROWS)


def headline(label: int, number: int) -> str:
    """A generated headline behind a word that decides its label."""
    return f"{WORDS[3 * label]} {TEXTS[number]}"


def write_file(path: Path, labels: tuple[str, ...], numbers: range) -> Path:
    """Write headlines with their labels as an editor's export has them, and return the path."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["date", "section", "headline"])
        rows.writerows(
            ["2026-11-29", label, headline(index, number)] for number in numbers for index, label in enumerate(labels)
        )
    return path


def write_start(folder: Path, labels: tuple[str, ...]) -> Path:
    """Write a tiny checkpoint that has learnt nothing about these labels, and return the folder."""
    write_safetensors(folder)
    weights = torch.randn(len(labels), 32, generator=torch.Generator().manual_seed(4)) / 10
    change_weights(folder, {"classifier.weight": weights, "classifier.bias": torch.zeros(len(labels))})
    change_config(folder, id2label=dict(enumerate(labels)), label2id={label: n for n, label in enumerate(labels)})
    return folder


@pytest.fixture(scope="module", params=[FIVE, THIRTY], ids=["five", "thirty"])
def labels(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The labels, in the order of the checkpoint."""
    return tuple(sorted(request.param, key=str.casefold))


@pytest.fixture(scope="module")
def baked(labels: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that the command lines have trained on a file with these labels, and baked."""
    folder = tmp_path_factory.mktemp("labels")
    file = write_file(folder / "news.csv", labels, range(ROWS))
    data = (file, "--label-column", "section", "--text-column", "headline")
    run, start = folder / "run", write_start(folder / "start", labels)
    size = ("--steps", 160, "--batch", 64, "--learning-rate", "4e-3", "--average", 0.9)
    run_command(train, *data, "--run", run, "--start", start, *size)
    run_command(calibrate, *data, "--run", run)
    options = ("--source", run / "best", "--headlines", run / "headlines.txt", "--target", folder / "model_cache")
    assert download_model.main([*map(str, options)]) == 0
    return folder / "model_cache"


def run_command(module: Any, *arguments: object) -> None:
    """Run a module's command line in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", [module.__name__, *map(str, arguments)])
        module.main()


@pytest.fixture(scope="module")
def function(baked: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuntimeApi]:
    """The handler with the baked checkpoint."""
    log = tmp_path_factory.mktemp("runtime") / "log.txt"
    with runtime(log, AGNEWS_MODEL_DIR=str(baked)) as api:
        yield api


def test_the_manifest_names_the_labels_of_the_file(baked: Path, labels: tuple[str, ...]) -> None:
    assert tuple(json.loads((baked / "manifest.json").read_text(encoding="utf-8"))["labels"]) == labels


def test_rows_that_were_held_out_are_evaluated_by_their_labels(
    baked: Path, labels: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGNEWS_MODEL_DIR", str(baked))
    held_out = baked.parent / "run" / "held_out.csv"
    assert agnews(["evaluate", str(held_out), "--report", str(tmp_path)]) == 0
    (measured,) = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["views"].values()
    assert set(measured["metrics"]["classes"]) == set(labels)
    assert measured["metrics"]["accuracy"] > 0.9


def test_a_file_is_classified_with_a_column_for_each_of_the_scores(
    baked: Path, labels: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGNEWS_MODEL_DIR", str(baked))
    source, target = write_file(tmp_path / "new.csv", labels, range(1)), tmp_path / "topics.csv"
    options = ["--column", "headline", "--output", str(target), "--top-k", str(len(labels))]
    assert agnews(["classify", "--file", str(source), *options]) == 0
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    right = [row["label"] == row["section"] for row in rows]
    assert sum(right) > 0.8 * len(labels)


def test_the_function_answers_with_the_labels(function: RuntimeApi, labels: tuple[str, ...]) -> None:
    texts = [headline(index, 0) for index in range(len(labels))]
    answer = answered(function, {"texts": texts, "top_k": len(labels)})
    answered_labels = [prediction["label"] for prediction in answer["predictions"]]
    assert sum(label == expected for label, expected in zip(answered_labels, labels, strict=True)) > 0.8 * len(labels)
    assert all(set(prediction["scores"]) == set(labels) for prediction in answer["predictions"])


def test_more_scores_than_there_are_labels_are_refused(function: RuntimeApi, labels: tuple[str, ...]) -> None:
    outcome = function.invoke(json.dumps({"text": "a", "top_k": len(labels) + 1}).encode())
    assert (outcome.kind, str(len(labels)) in outcome.body.decode()) == ("error", True)


def test_the_page_and_openapi_have_the_labels(function: RuntimeApi, labels: tuple[str, ...]) -> None:
    page, document = (answered(function, bodiless_event("GET", path))["body"] for path in ("/", "/openapi.json"))
    assert json.dumps(labels).replace("<", "\\u003c") in page
    assert json.loads(document)["components"]["schemas"]["Label"]["enum"] == list(labels)


def test_a_bulk_run_writes_the_labels(function: RuntimeApi, labels: tuple[str, ...]) -> None:
    folder = table([{"id": str(index), "title": headline(index, 0)} for index in range(len(labels))])
    run = Run(Stack().definition, folder, function.invoke)
    run.execute(BULK | {"options": {"top_k": len(labels)}})
    lines = folder.lines("SUCCEEDED")
    assert [line["id"] for line in lines] == [str(index) for index in range(len(labels))]
    assert sum(line["label"] == label for line, label in zip(lines, labels, strict=True)) > 0.8 * len(labels)
    assert all(set(line["scores"]) == set(labels) for line in lines)
