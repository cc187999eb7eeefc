"""The command line's half that needs no torch: verifying, and copying the embedded checkpoint."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from agnews.model.checkpoint import FILES
from download_model import main
from tests.support.command import EMBEDDED, download_model
from tests.support.requirement import ROOT, require_module


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """A copy of the embedded checkpoint's files for onnx."""
    assert download_model("--source", "embedded", "--engine", "onnx", "--target", tmp_path / "cache").returncode == 0
    return tmp_path / "cache"


def test_the_embedded_checkpoint_is_intact() -> None:
    process = download_model()
    assert process.returncode == 0, process.stderr
    assert "are as they were baked" in process.stdout
    assert "engines onnx and pipeline" in process.stdout


def test_verifying_imports_nothing_heavy() -> None:
    code = (
        "import sys, download_model; status = download_model.main([]); "
        "assert not {'torch', 'transformers', 'onnxruntime', 'huggingface_hub', 'numpy'} & set(sys.modules); "
        "sys.exit(status)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_copy_for_one_engine_holds_only_its_files(cache: Path) -> None:
    assert {path.name for path in cache.iterdir()} == {"manifest.json", *FILES["onnx"]}
    assert (cache / "model.onnx").read_bytes() == (EMBEDDED / "model.onnx").read_bytes()


def test_the_same_target_can_be_written_again(cache: Path) -> None:
    process = download_model("--source", "embedded", "--target", cache)
    assert process.returncode == 0, process.stderr
    assert "engines onnx and pipeline" in process.stdout


def change_a_byte(cache: Path) -> None:
    content = bytearray((cache / "model.onnx").read_bytes())
    content[1000] ^= 1
    (cache / "model.onnx").write_bytes(content)


def edit_manifest(**changes: object) -> Callable[[Path], None]:
    def edit(cache: Path) -> None:
        path = cache / "manifest.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | changes))

    return edit


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (change_a_byte, "model.onnx is not the file that was baked (other content)"),
        (lambda cache: (cache / "model.onnx").write_bytes(b"short"), "(5 bytes, expected "),
        (lambda cache: (cache / "vocab.txt").unlink(), "vocab.txt (No such file or directory)"),
        (lambda cache: (cache / "manifest.json").unlink(), "manifest.json (No such file or directory)"),
        (lambda cache: (cache / "manifest.json").write_text("{"), "is not a manifest"),
        (edit_manifest(files=["model.onnx"]), "is not a manifest"),
        (edit_manifest(files={"model.onnx": {}}), "is not a manifest"),
        (edit_manifest(files={}), "has the files of no engine"),
        (edit_manifest(labels=["a", "a"]), "has invalid labels: the label 'a' appears twice"),
        (edit_manifest(format=1), "has format 1"),
    ],
)
def test_damage_is_named_with_its_remedy(cache: Path, damage: Callable[[Path], object], message: str) -> None:
    damage(cache)
    process = download_model("--target", cache)
    assert process.returncode == 1
    assert message in process.stderr
    assert "git checkout model_cache" in process.stderr or "bake it again" in process.stderr
    assert "Traceback" not in process.stderr


def test_every_damaged_file_is_named(cache: Path) -> None:
    for name in FILES["onnx"]:
        (cache / name).write_bytes(b"")
    process = download_model("--target", cache)
    assert [name for name in FILES["onnx"] if name in process.stderr] == list(FILES["onnx"])


def test_a_missing_target_is_an_error_not_a_traceback(tmp_path: Path) -> None:
    process = download_model("--target", tmp_path / "nowhere")
    assert process.returncode == 1
    assert process.stderr.startswith("error: cannot read ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--engine", "onnx"], "--engine needs --source"),
        (["--temperature", "0"], "--temperature needs --source"),
        (["--source", "a/b", "--temperature", "0"], "must be a number from 0.01 to 100"),
        (["--source", "a/b", "--temperature", "nan"], "must be a number from 0.01 to 100"),
        (["--source", "a/b", "--max-length", "many"], "invalid int value"),
        (["--source", "a/b", "--engine", "gpu"], "invalid choice"),
        (["--source", "a/b@main", "--revision", "main"], "--revision goes with a hub ID"),
        (["--source", ".", "--revision", "main"], "--revision goes with a hub ID"),
        (["--source", "a/b", "--name", "mine"], "--name goes with a folder"),
        (["--source", "embedded", "--max-length", "64"], "copied as it is"),
        (["--source", "embedded", "--labels", "a,b,c,d"], "copied as it is"),
        (["--source", "a/b", "--labels", 'a,"b'], "expected labels with commas between them"),
        (["--source", ""], "--source is empty"),
        (["extra"], "unrecognized arguments"),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong(arguments: list[str], message: str) -> None:
    process = download_model(*arguments)
    assert process.returncode == 2
    assert message in process.stderr


def test_a_folder_is_not_replaced_by_less_of_itself(cache: Path) -> None:
    before = sorted(path.name for path in cache.iterdir())
    process = download_model("--source", cache, "--target", cache, "--engine", "pipeline")
    assert process.returncode == 1
    assert "would lose its files of the onnx engine" in process.stderr
    assert sorted(path.name for path in cache.iterdir()) == before


def test_a_checkpoint_that_was_not_baked_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    process = download_model("--source", "embedded", "--target", tmp_path)
    assert process.returncode == 1
    assert "holds other files than a baked checkpoint's (config.json)" in process.stderr
    assert (tmp_path / "config.json").read_text() == "{}"


def test_a_folder_of_somebodys_files_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    process = download_model("--source", "embedded", "--target", tmp_path)
    assert process.returncode == 1
    assert "thesis.tex" in process.stderr
    assert (tmp_path / "thesis.tex").exists()


def test_a_source_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    require_module("torch", "transformers", "onnx")
    process = download_model("--source", tmp_path / "nowhere", "--target", tmp_path / "cache")
    assert process.returncode == 1
    assert "there is no folder" in process.stderr


def test_baking_without_its_packages_names_them(tmp_path: Path) -> None:
    code = "import sys; sys.modules['torch'] = None; import download_model; sys.exit(download_model.main(sys.argv[1:]))"
    process = subprocess.run(
        [sys.executable, "-c", code, "--source", str(EMBEDDED), "--target", str(tmp_path / "cache")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    assert "pip install -e '.[train]'" in process.stderr
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("step", "arguments", "message"),
    [
        ("check", [], "is as it was"),
        ("check", ["--source", "embedded", "--engine", "onnx"], "is written"),
        ("_write", ["--source", "embedded", "--engine", "onnx"], "is as it was"),
    ],
)
def test_ctrl_c_at_any_step_is_one_line(
    step: str,
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"download_model.{step}", interrupted)
    target = tmp_path / "cache"
    assert main([*arguments, "--target", str(target)]) == 1
    assert capsys.readouterr().err == f"interrupted; {target} {message}\n"


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_while_modules_are_imported_is_one_line() -> None:
    command = [sys.executable, "-X", "importtime", "download_model.py"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        while "agnews.errors" not in process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        lines = [line for line in process.stderr.read().splitlines() if not line.startswith("import time:")]
    assert process.returncode in {0, 1}  # 0: it was done before the signal came
    assert len(lines) <= 1
    assert all(line.startswith("interrupted") for line in lines)
