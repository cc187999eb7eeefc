"""Training, from labels and from a teacher, on tiny checkpoints."""

import csv
import json
import subprocess
import sys
import time
from dataclasses import replace
from itertools import islice
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.requirement import ROOT, require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers", "tqdm")

import torch
from torch.nn.functional import cross_entropy
from transformers import DistilBertConfig, DistilBertForSequenceClassification

from modeling import calibrate, distil, train
from modeling.bfloat16 import Bfloat16Copy
from modeling.classifiers import load
from modeling.data import Data
from modeling.rows import Row
from modeling.sampler import Batch, Sampler
from modeling.trainer import Recipe, Trainer
from tests.support.tiny_checkpoint import write_safetensors

LABELS = ("World", "Sports", "Business", "Sci/Tech", "out:food")


def headline(number: int) -> str:
    """One of a topic: five in a row are of the four topics and of none."""
    words = ("rebels block troops", "striker beat goalkeeper", "oil shares profit", "galaxy telescope comet", "pie")
    return f"{words[number % 5]} {number}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Headlines of two outlets with their topics, and some to choose by."""
    folder = tmp_path_factory.mktemp("data")
    for name, numbers in (("train", range(400)), ("dev", range(1000, 1040))):
        with (folder / f"{name}.csv").open("w", newline="") as file:
            rows = ([LABELS[n % 5], headline(n), "abc"[n % 3] + ".com"] for n in numbers)
            csv.writer(file).writerows([["label", "headline", "domain"], *rows])
    return folder


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_safetensors(tmp_path_factory.mktemp("start"))


def rows(count: int, label: int | None, name: str = "") -> list[Row]:
    return [Row(label, {"title": f"{name or label} {number}"}) for number in range(count)]


def drawn(sampler: Sampler, batches: int) -> list[tuple[str, int | None]]:
    parts = islice(sampler, batches)
    return [pair for part in parts for pair in zip(part.texts, part.labels, strict=True)]


def test_topics_and_data_sets_are_drawn_as_often_as_asked() -> None:
    one = Data("one", [*rows(500, 0), *rows(20, 1), *rows(40, None)], [], [])
    other = Data("other", rows(100, 2), [], [])
    labels = [label for _, label in drawn(Sampler([one, other], 50, 0.2, 7, (3, 1)), 64)]
    shares = {label: labels.count(label) / len(labels) for label in (None, 0, 1, 2)}
    assert shares == {
        None: pytest.approx(0.2, abs=0.03),
        0: pytest.approx(0.3, abs=0.03),
        1: pytest.approx(0.3, abs=0.03),
        2: pytest.approx(0.2, abs=0.03),
    }


def test_every_row_of_a_topic_is_shown_before_one_is_shown_again() -> None:
    texts = [text for text, _ in drawn(Sampler([Data("one", rows(64, 3), [], [])], 4, 0.2, 7), 32)]
    counts = [texts.count(text) for text in set(texts)]
    assert (len(counts), set(counts)) == (64, {2})


def test_the_same_seed_shows_the_same_and_an_outlet_s_name_behind_some_titles() -> None:
    part = Data("one", [Row(n % 4, {"title": f"title {n}"}, "bbc.co.uk") for n in range(400)], [], [])
    first = drawn(Sampler([part], 32, 0.2, 7), 40)
    assert first == drawn(Sampler([part], 32, 0.2, 7), 40)
    assert first != drawn(Sampler([part], 32, 0.2, 8), 40)
    tagged = [text for text, _ in first if text.endswith("BBC")]
    assert 0.05 < len(tagged) / len(first) < 0.2


def test_targets_are_smoothed_labels_and_no_topic_s_are_even(folder: Path, start: Path, tmp_path: Path) -> None:
    classifier = load(str(start), 32, "cpu", tmp_path)
    recipe = Recipe(str(start), 4, smoothing=0.08, out_of_scope_weight=0.5)
    batch = Batch(["a", "b"], [2, None])
    part = Data("one", rows(40, 0), rows(4, 0), [])
    goals, weights = Trainer(recipe, [part], tmp_path / "run", classifier).targets(batch)
    assert goals.tolist() == [pytest.approx([0.02, 0.02, 0.94, 0.02]), [0.25] * 4]
    assert weights.tolist() == [1.0, 0.5]
    taught = replace(recipe, taught=0.5)
    trainer = Trainer(taught, [part], tmp_path / "taught", classifier, lambda texts: torch.eye(4)[: len(texts)])
    goals, _ = trainer.targets(batch)
    assert goals.tolist() == [pytest.approx([0.51, 0.01, 0.47, 0.01]), pytest.approx([0.125, 0.625, 0.125, 0.125])]


def run(monkeypatch: pytest.MonkeyPatch, module: ModuleType, *arguments: object) -> None:
    """Run a module's command line in this process."""
    monkeypatch.setattr("sys.argv", [module.__name__, *map(str, arguments)])
    module.main()


def test_a_killed_training_goes_on_where_it_last_saved(
    folder: Path, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = ("--steps", 40, "--batch", 8, "--validate-every", 20, "--save-every", 10)
    options = ("--start", start, "--learning-rate", "1e-3", *sizes)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(monkeypatch, train, folder, "--run", whole, *options)
    command = [sys.executable, "-m", "modeling.train", *map(str, (folder, "--run", killed, *options))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        while not (killed / "state.pt").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    run(monkeypatch, train, folder, "--run", killed, *options)
    logs = [[json.loads(line) for line in (path / "log.jsonl").read_text().splitlines()] for path in (whole, killed)]
    assert [any(entry["event"] == "resumed" for entry in log) for log in logs] == [False, True]
    states = [torch.load(path / "state.pt", weights_only=True) for path in (whole, killed)]
    assert states[0]["step"] == states[1]["step"] == 40
    for name, value in states[0]["average"].items():
        assert torch.equal(value, states[1]["average"][name]), name
    losses = [entry["loss"] for entry in logs[0] if entry["event"] == "validated"]
    assert losses[1] < losses[0]


def test_a_student_learns_a_teacher_s_scores_and_is_calibrated(
    folder: Path, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--steps", 30, "--batch", 8, "--learning-rate", "1e-3", "--start", start)
    run(monkeypatch, train, folder, "--run", tmp_path / "teacher", *options)
    teacher = ("--teacher", tmp_path / "teacher" / "best")
    run(monkeypatch, distil, folder, *teacher, "--run", tmp_path / "student", *options)
    recipe = json.loads((tmp_path / "student" / "recipe.json").read_text())["recipe"]
    assert (recipe["taught"], len(recipe["teacher"])) == (0.7, 64)
    run(monkeypatch, calibrate, folder, "--run", tmp_path / "student")
    metrics = json.loads((tmp_path / "student" / "best" / "metrics.json").read_text())
    assert 0.25 <= metrics["temperature"] <= 4
    assert metrics["validation"][folder.name]["title"]["rows"] == 32
    assert metrics["validation"][folder.name]["out_of_scope"]["rows"] == 8
    assert len((tmp_path / "student" / "headlines.txt").read_text().splitlines()) == 40


def test_a_run_keeps_to_its_recipe_and_rows(folder: Path, start: Path, tmp_path: Path) -> None:
    classifier = load(str(start), 32, "cpu", tmp_path)
    part = Data("one", rows(40, 0), rows(4, 0), [])
    recipe = Recipe(str(start), 4)
    Trainer(recipe, [part], tmp_path / "run", classifier)
    with pytest.raises(SystemExit, match="another recipe or other rows"):
        Trainer(replace(recipe, steps=5), [part], tmp_path / "run", classifier)


def test_too_few_rows_are_refused_and_leave_nothing(start: Path, tmp_path: Path) -> None:
    classifier = load(str(start), 32, "cpu", tmp_path)
    for training_rows, validation_rows, counts in (
        ([], rows(4, 0), "0 rows to train on"),
        (rows(4, 0), [], "and 0 to"),
    ):
        with pytest.raises(SystemExit, match=counts):
            Trainer(
                Recipe(str(start), 4), [Data("one", training_rows, validation_rows, [])], tmp_path / "run", classifier
            )
    assert not (tmp_path / "run").exists()


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no .*best/model\.safetensors; give minilm or mpnet"):
        load(str(tmp_path / "best"), 32, "cpu", tmp_path)


def test_a_bfloat16_copy_trains_the_float32_model() -> None:
    torch.manual_seed(0)
    config = DistilBertConfig(
        vocab_size=50, dim=16, n_layers=1, n_heads=2, hidden_dim=32, dropout=0.0, id2label=dict.fromkeys(range(4), "")
    )
    model = DistilBertForSequenceClassification(config)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    copy = Bfloat16Copy(model)
    ids, goals = torch.arange(20).view(4, 5) + 5, torch.eye(4)
    losses = []
    for _ in range(30):
        logits = copy.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.float()
        loss = cross_entropy(logits, goals)
        copy.update(loss, optimizer.step)
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3
    assert any(not torch.equal(value, before[name]) for name, value in model.state_dict().items())
    for ours, theirs in zip(model.parameters(), copy.model.parameters(), strict=True):
        assert ours.dtype == torch.float32
        assert torch.equal(ours.bfloat16(), theirs)
