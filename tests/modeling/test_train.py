"""Training, from labels and from a teacher, on tiny checkpoints."""

import csv
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.requirement import ROOT, require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers", "tqdm")

import torch

from agnews.model.checkpoint import sha256
from modeling import calibrate, distil, train
from modeling.classifiers import load
from modeling.data import Data
from modeling.errors import TrainingError
from modeling.recipe import Recipe, check_rows
from modeling.rows import Row
from modeling.trainer import Trainer
from tests.support.tiny_checkpoint import write_mpnet, write_safetensors

pytestmark = pytest.mark.usefixtures("one_torch_thread")

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


def rows(count: int, label: int) -> list[Row]:
    return [Row(label, {"title": f"{label} {number}"}) for number in range(count)]


def run(monkeypatch: pytest.MonkeyPatch, module: ModuleType, *arguments: object) -> None:
    """Run a module's command line in this process."""
    monkeypatch.setattr("sys.argv", [module.__name__, *map(str, arguments)])
    module.main()


def test_a_killed_training_continues_where_it_last_saved(
    folder: Path, start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = ("--steps", 40, "--batch", 8, "--validate-every", 20, "--save-every", 10)
    options = ("--start", start, "--learning-rate", "1e-3", *sizes)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    run(monkeypatch, train, folder, "--run", whole, *options)
    command = [sys.executable, "-m", "modeling.train", *map(str, (folder, "--run", killed, *options))]
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}  # as in this process: another number rounds otherwise
    with subprocess.Popen(command, cwd=ROOT, env=one_thread, stderr=subprocess.DEVNULL) as process:
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
    options = ("--steps", 30, "--batch", 8, "--learning-rate", "1e-3")
    write_mpnet(tmp_path / "teacher" / "start")
    run(monkeypatch, train, folder, "--run", tmp_path / "teacher", "--start", "mpnet", *options)
    teacher = ("--teacher", tmp_path / "teacher" / "best")
    run(monkeypatch, distil, folder, *teacher, "--run", tmp_path / "student", "--start", start, *options)
    recipe = json.loads((tmp_path / "student" / "recipe.json").read_text())["recipe"]
    assert (recipe["taught"], [len(digest) for digest in recipe["teachers"]]) == (0.7, [64])
    run(monkeypatch, calibrate, folder, "--run", tmp_path / "student")
    metrics = json.loads((tmp_path / "student" / "best" / "metrics.json").read_text())
    assert 0.25 <= metrics["temperature"] <= 4
    assert metrics["validation"][folder.name]["title"]["rows"] == 32
    assert metrics["validation"][folder.name]["out_of_scope"]["rows"] == 8
    assert len((tmp_path / "student" / "headlines.txt").read_text().splitlines()) == 40


def test_ten_rows_of_each_topic_are_enough_and_a_better_checkpoint_drops_the_older_one_s_temperature(
    start: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.csv").write_text("label,headline\n" + "".join(f"{LABELS[n % 4]},{n}\n" for n in range(40)))
    (tmp_path / "run" / "best").mkdir(parents=True)
    (tmp_path / "run" / "best" / "metrics.json").write_text('{"temperature": 3.9}')
    run(monkeypatch, train, tmp_path, "--run", tmp_path / "run", "--start", start, "--steps", 1, "--batch", 4)
    assert not (tmp_path / "run" / "best" / "metrics.json").exists()
    run(monkeypatch, calibrate, tmp_path, "--run", tmp_path / "run")
    metrics = json.loads((tmp_path / "run" / "best" / "metrics.json").read_text())
    assert {view: part["rows"] for view, part in metrics["validation"][tmp_path.name].items()} == {"title": 4}


def test_a_new_head_and_dropout_follow_the_seed(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states: list[dict[str, torch.Tensor]] = []
    for name in ("first", "second"):
        torch.manual_seed(len(states))
        write_mpnet(tmp_path / name / "start")
        run(monkeypatch, train, folder, "--run", tmp_path / name, "--start", "mpnet", "--steps", 2, "--batch", 4)
        states.append(torch.load(tmp_path / name / "state.pt", weights_only=True)["model"])
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        (train, ["--start", str(ROOT / "docs")], "error: cannot read .*docs/config.json"),
        (train, ["--weights", "1", "2"], "error: 2 --weights for 1 DATA; give one for each"),
        (train, ["--max-length", "7"], "error: --max-length 7 is too short"),
        (train, ["nowhere"], "error: 'nowhere' is neither a file, a folder nor"),
        (distil, ["--teacher", "nowhere", "--max-length", "7"], "error: --max-length 7 is too short"),
        (distil, ["--teacher", "nowhere"], "error: cannot read nowhere/config.json"),
        (distil, ["--teacher", "one", "two"], "error: 2 --teacher for 1 DATA; give one, or one for each"),
        (calibrate, [], "error: there is no .*recipe.json; train first"),
    ],
)
def test_what_cannot_be_trained_is_one_line(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    options: list[str],
    message: str,
) -> None:
    with pytest.raises(SystemExit, match=message):
        run(monkeypatch, module, folder, *options, "--run", tmp_path / "run")


@pytest.mark.parametrize("module", [train, distil, calibrate])
def test_without_torch_one_line_says_what_to_install(module: ModuleType) -> None:
    code = "import runpy, sys; sys.modules['torch'] = None; runpy.run_module(sys.argv[1], run_name='__main__')"
    command = [sys.executable, "-c", code, module.__name__]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert process.returncode == 1
    assert process.stderr.startswith("error: training needs the training packages: pip install -e '.[train]' (")
    assert process.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--steps", "0"], "--steps: expected a whole number of 1 or more, found 0"),
        (["--average", "1.5"], "--average: expected a number from 0 to 1, found 1.5"),
        (["--learning-rate", "-1"], "--learning-rate: expected a number above 0, found -1"),
        (["--weights", "0"], "--weights: expected a number above 0, found 0"),
        (["--start", "nowhere"], "--start: expected minilm, mpnet or a checkpoint's folder, found nowhere"),
        (["--device", "abacus"], "--device: cannot use 'abacus'"),
    ],
)
def test_an_option_out_of_range_is_named(
    options: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        run(monkeypatch, train, "data", "--run", "run", *options)
    assert message in capsys.readouterr().err


def test_a_run_keeps_to_its_recipe_and_rows(folder: Path, start: Path, tmp_path: Path) -> None:
    classifier = load(start, 32, "cpu")
    part = Data("one", rows(40, 0), rows(4, 0), [])
    recipe = Recipe(str(start), 4)
    Trainer(recipe, [part], tmp_path / "run", classifier)
    with pytest.raises(TrainingError, match="was started with other steps, seed; give the same"):
        Trainer(replace(recipe, steps=5, seed=1), [part], tmp_path / "run", classifier)
    with pytest.raises(TrainingError, match="was started with other rows; choose another --run"):
        Trainer(replace(recipe, steps=5), [Data("one", rows(41, 0), rows(4, 0), [])], tmp_path / "run", classifier)
    outlets = [replace(row, outlet="a.com") for row in part.training]
    changed = [Data("one", part.training, rows(5, 0), []), Data("one", outlets, part.validation, [])]
    for other in changed:
        with pytest.raises(TrainingError, match="was started with other rows; choose another --run"):
            Trainer(recipe, [other], tmp_path / "run", classifier)
        with pytest.raises(TrainingError, match="was trained on other rows"):
            check_rows(tmp_path / "run", [other])
    check_rows(tmp_path / "run", [part])
    (tmp_path / "run" / "recipe.json").write_text("{}")
    with pytest.raises(TrainingError, match=r"recipe\.json is not a recipe"):
        Trainer(recipe, [part], tmp_path / "run", classifier)


def test_a_run_keeps_to_the_weights_that_it_started_from(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = write_safetensors(tmp_path / "start")
    options = ("--run", tmp_path / "run", "--start", start, "--steps", 1, "--batch", 4)
    run(monkeypatch, train, folder, *options)
    recipe = json.loads((tmp_path / "run" / "recipe.json").read_text())["recipe"]
    assert recipe["start_weights"] == sha256(start / "model.safetensors")
    load(tmp_path / "run" / "best", 32, "cpu").model.save_pretrained(start)
    with pytest.raises(SystemExit, match="was started with other start_weights"):
        run(monkeypatch, train, folder, *options)
