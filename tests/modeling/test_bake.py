"""Baking a folder: what is written, what is refused, and that a killed run changes nothing."""

import hashlib
import json
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.requirement import ROOT, require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers", "onnx")

from tokenizers import Tokenizer
from transformers import AutoTokenizer

from agnews.errors import ModelError
from agnews.model.checkpoint import FILES, read_checkpoint, verify
from agnews.model.classifier import load
from agnews.settings import Settings
from download_model import main
from modeling.atomic_folder import working_folder
from modeling.bake import Choices, Origin, bake, origin_of
from modeling.errors import BakeError, SourceError
from tests.support import tiny_checkpoint

pytestmark = pytest.mark.usefixtures("one_torch_thread")

ONNX = Choices(engines=("onnx",))
PIPELINE = Choices(engines=("pipeline",))
ORIGIN = Origin("tiny", "one")
TEXTS = ["Oil prices rise as traders await the vote", "Rebels block roads in Cairo", "Striker breaks a record"]


def written(target: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in target.iterdir()}


def test_both_engines_of_a_bake_answer_alike(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "cache"
    manifest = bake(folder, target, ORIGIN, Choices())
    assert manifest == json.loads((target / "manifest.json").read_text())
    assert manifest["parity"]["generated"]["texts"] >= 1000
    assert manifest["parity"]["generated"]["equal_labels"] >= 0.99
    assert {"torch", "transformers", "onnx", "onnxruntime", "tokenizers"} == set(manifest["versions"])
    scores = {
        engine: [p.scores for p in load(Settings(engine=engine, model_dir=target)).classify(TEXTS) if p]
        for engine in ("onnx", "pipeline")
    }
    assert scores["onnx"] == [pytest.approx(expected, abs=0.05) for expected in scores["pipeline"]]
    assert {oct(path.stat().st_mode & 0o777) for path in target.iterdir()} == {"0o644"}


def test_transformers_tokenizes_a_bake_s_texts_as_the_source_s_tokenizer_does(folder: Path, tmp_path: Path) -> None:
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["normalizer"] |= {"lowercase": False, "strip_accents": True}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    bake(folder, tmp_path / "cache", ORIGIN, replace(PIPELINE, max_length=20))
    loaded = AutoTokenizer.from_pretrained(tmp_path / "cache")
    whole = Tokenizer.from_file(str(folder / "tokenizer.json"))
    assert loaded("Élan oil prices")["input_ids"] == whole.encode("Élan oil prices").ids
    assert len(loaded("oil " * 50, truncation=True)["input_ids"]) == 20


def test_a_bake_without_transformers_options_still_loads(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "cache"
    bake(folder, target, ORIGIN, PIPELINE)
    manifest = json.loads((target / "manifest.json").read_text())
    del manifest["files"]["tokenizer_config.json"]
    (target / "manifest.json").write_text(json.dumps(manifest))
    (target / "tokenizer_config.json").unlink()
    assert load(Settings(engine="pipeline", model_dir=target)).classify(TEXTS)


def test_a_baked_folder_bakes_again_to_the_same_files(folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    bake(folder, first, ORIGIN, replace(PIPELINE, temperature=1.5, max_length=20))
    bake(first, second, origin_of(first, None), PIPELINE)
    assert written(first) == written(second)


def test_a_checkpoint_whose_labels_have_no_margin_is_refused(tmp_path: Path) -> None:
    folder, target = tiny_checkpoint.write_safetensors(tmp_path / "alike", alike=True), tmp_path / "cache"
    with pytest.raises(BakeError, match=r"of 1,000 generated headlines .* bake this checkpoint with --engine pipeline"):
        bake(folder, target, ORIGIN, ONNX)
    assert not target.exists()
    bake(folder, target, ORIGIN, PIPELINE)
    verify(read_checkpoint(target), FILES["pipeline"])


def test_headlines_of_ones_own_are_compared_too(folder: Path, tmp_path: Path) -> None:
    manifest = bake(folder, tmp_path / "cache", ORIGIN, replace(ONNX, texts=tuple(TEXTS)))
    assert manifest["parity"]["given"]["texts"] == len(TEXTS)


@pytest.mark.parametrize("length", [0, 2, 65, -1])
def test_a_maximum_length_that_the_model_lacks_is_refused(folder: Path, tmp_path: Path, length: int) -> None:
    with pytest.raises(BakeError, match="choose 3 to the model's 64 positions"):
        bake(folder, tmp_path / "cache", ORIGIN, replace(PIPELINE, max_length=length))


def test_metrics_and_temperature_of_the_source_reach_the_manifest(folder: Path, tmp_path: Path) -> None:
    (folder / "metrics.json").write_text('{"temperature": 1.25, "validation": {"rows": 10}}')
    manifest = bake(folder, tmp_path / "cache", ORIGIN, PIPELINE)
    assert manifest["temperature"] == 1.25
    assert manifest["metrics"]["validation"] == {"rows": 10}


def test_a_damaged_bake_is_not_baked_again_under_its_old_name(folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    bake(folder, first, ORIGIN, PIPELINE)
    with (first / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, 2)
        weights.write(b"\x7f")
    with pytest.raises(ModelError, match=r"model\.safetensors is not the file that was baked"):
        bake(first, second, ORIGIN, PIPELINE)
    assert not second.exists()


def test_metrics_do_not_outlive_the_temperature_they_were_measured_with(folder: Path, tmp_path: Path) -> None:
    (folder / "metrics.json").write_text('{"temperature": 1.25}')
    manifest = bake(folder, tmp_path / "cache", ORIGIN, replace(PIPELINE, temperature=2.0))
    assert (manifest["temperature"], manifest["metrics"]) == (2.0, None)


@pytest.mark.parametrize("content", ["[]", "{", '{"temperature": 0}', '{"temperature": "hot"}', '{"temperature": NaN}'])
def test_unusable_metrics_are_refused(folder: Path, tmp_path: Path, content: str) -> None:
    (folder / "metrics.json").write_text(content)
    with pytest.raises(SourceError, match=r"metrics\.json"):
        bake(folder, tmp_path / "cache", ORIGIN, PIPELINE)


def test_a_folder_without_a_manifest_is_known_by_its_weights(folder: Path) -> None:
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert origin_of(folder, "mine") == Origin("mine", f"sha256:{digest[:16]}")
    assert origin_of(folder, None).source == "checkpoint"


def test_the_command_bakes_a_folder_and_compares_given_headlines(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.csv").write_text("id,headline\n1,Oil prices rise\n2,\n3,Rebels block roads\n")
    target = tmp_path / "cache"
    arguments = ["--name", "mine", "--headlines", str(tmp_path / "mine.csv"), "--engine", "onnx"]
    assert main(["--source", str(folder), "--target", str(target), *arguments]) == 0
    shown = capsys.readouterr().out
    assert "of 2 given headlines" in shown
    assert "mine at sha256:" in shown


@pytest.mark.parametrize(
    ("metrics", "options", "noted"), [(None, [], True), (None, ["--temperature", "2"], False), ("{}", [], False)]
)
def test_a_run_s_checkpoint_without_a_temperature_is_noted(
    metrics: str | None,
    options: list[str],
    noted: bool,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (folder.parent / "recipe.json").write_text("{}")
    if metrics is not None:
        (folder / "metrics.json").write_text(metrics)
    arguments = ["--source", str(folder), "--target", str(tmp_path / "cache"), "--engine", "pipeline", *options]
    assert main(arguments) == 0
    note = f"the temperature is 1.0, as none was fitted; to fit one: python -m modeling.calibrate DATA --run {tmp_path}"
    assert (note in capsys.readouterr().out) == noted


def test_headlines_of_a_run_that_was_not_calibrated_say_so(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder.parent / "recipe.json").write_text("{}")
    arguments = ["--source", str(folder), "--target", str(tmp_path / "cache"), "--headlines"]
    assert main([*arguments, str(tmp_path / "headlines.txt")]) == 1
    assert f"calibrate first: python -m modeling.calibrate DATA --run {tmp_path}" in capsys.readouterr().err
    assert main([*arguments, str(tmp_path / "mine.txt")]) == 1
    assert "mine.txt (No such file" in capsys.readouterr().err


KILLED = """
import os, signal, sys
import download_model
from modeling import bake
bake._try_out = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
download_model.main(sys.argv[1:])
"""
"""The command line, killed when all files are written and nothing is replaced yet."""


def test_a_bake_killed_half_way_leaves_the_old_cache(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "cache"
    bake(folder, target, Origin("the old one", "1"), PIPELINE)
    before = written(target)
    command = [sys.executable, "-c", KILLED, "--source", str(folder), "--target", str(target), "--engine", "pipeline"]
    assert subprocess.run(command, cwd=ROOT).returncode == -signal.SIGKILL
    assert written(target) == before
    assert (working_folder(target) / "new" / "manifest.json").exists()
    assert main(["--target", str(target)]) == 0
    assert "the old one" in capsys.readouterr().out
    assert not working_folder(target).exists()
