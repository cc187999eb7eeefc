"""The scripts that `docker build` runs inside the base image."""

import platform
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

from agnews.model.checkpoint import FILES, MANIFEST
from image.check import ARCHITECTURES, FUNCTIONS, architecture_errors, argument_errors, main
from image.prepare import main as prepare
from tests.support.requirement import ROOT


@pytest.mark.parametrize("model", ["embedded", "textattack/distilbert-base-uncased-ag-news@52ee64d"])
@pytest.mark.parametrize("engine", ["onnx", "pipeline"])
def test_known_engines_and_pinned_models_are_built(engine: str, model: str) -> None:
    assert argument_errors(engine, model) == []


@pytest.mark.parametrize("model", ["", "owner/name", "./folder", "name@1", "owner/name@", "owner/name@1 2"])
def test_a_model_that_is_not_pinned_is_refused(model: str) -> None:
    assert argument_errors("onnx", model) == [f"--build-arg MODEL={model} is neither embedded nor OWNER/NAME@REVISION"]


def test_an_unknown_engine_is_refused() -> None:
    assert argument_errors("onxx", "embedded") == ["--build-arg ENGINE=onxx is unknown; choose onnx or pipeline"]


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize("function", ["", "x86_64", "arm64"])
@pytest.mark.parametrize("target", ["", "amd64", "arm64"])
def test_an_architecture_is_refused_where_it_is_not_the_bases(machine: str, target: str, function: str) -> None:
    expected = ARCHITECTURES[machine]
    errors = architecture_errors(machine, target, function)
    assert len(errors) == (target not in {"", expected}) + (FUNCTIONS.get(function) not in {None, expected})


def test_a_functions_wrong_architecture_names_lambdas_error_and_the_platform_to_build_for() -> None:
    (fault,) = architecture_errors("aarch64", "arm64", "x86_64")
    assert "Runtime.InvalidEntrypoint" in fault
    assert fault.endswith("build with --platform linux/amd64")


def test_architectures_that_lambda_lacks_are_refused() -> None:
    assert architecture_errors("riscv64", "riscv64", "") == [
        "the base image is for riscv64; Lambda has x86_64 and arm64"
    ]
    assert architecture_errors("x86_64", "amd64", "amd64") == [
        "--build-arg ARCHITECTURE=amd64 is unknown; Lambda has x86_64 and arm64"
    ]


def test_the_check_runs_by_itself_and_says_what_the_image_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    command = [sys.executable, "-I", "image/check.py", "--engine", "onnx", "--model", "embedded"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    expected = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
    assert (done.returncode, done.stderr) == (
        0,
        f"this image is for Lambda functions with --architectures {expected}\n",
    )
    assert main(["--engine", "onxx", "--model", "embedded"]) == 1
    assert "ENGINE=onxx" in capsys.readouterr().err


BOTOCORE = ("botocore/data/endpoints.json", *(f"botocore/data/{name}/service.json" for name in ("ec2", "s3", "sqs")))


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """A folder as pip leaves it, with a umask that gives others no access."""
    for name in ("bin/tool", "some/tests/test_it.py", "some/code.py", "some/code.pyi", "some/library.so", *BOTOCORE):
        path = tmp_path / "packages" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("ANSWER = 42\n")
        path.chmod(0o600)
    (tmp_path / "packages" / "some" / "library.so").chmod(0o700)
    (tmp_path / "packages" / "some").chmod(0o700)
    return tmp_path / "packages"


def test_what_lambda_never_reads_is_gone(packages: Path) -> None:
    prepare(packages)
    kept = {path.relative_to(packages).as_posix() for path in packages.rglob("*") if path.is_file()}
    data = {"botocore/data/endpoints.json", "botocore/data/sqs/service.json"}
    assert kept == data | {
        "some/code.py",
        "some/library.so",
        f"some/__pycache__/code.{sys.implementation.cache_tag}.pyc",
    }


def test_everyone_may_read_what_is_left(packages: Path) -> None:
    prepare(packages)
    some = packages / "some"
    modes = {path.name: path.stat().st_mode & 0o777 for path in (some, *some.rglob("*")) if path.suffix != ".pyc"}
    assert modes == {"some": 0o755, "__pycache__": 0o755, "code.py": 0o644, "library.so": 0o755}


def test_compiled_modules_load_whatever_time_a_layer_gives_their_source(packages: Path) -> None:
    prepare(packages)
    (packages / "some" / "code.py").write_text("ANSWER = 0\n")
    done = subprocess.run(
        [sys.executable, "-c", "from some.code import ANSWER; print(ANSWER)"],
        cwd=packages,
        env={"PYTHONPATH": str(packages)},
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stdout == "42\n"


def test_a_source_for_a_newer_python_is_left_as_it_is(packages: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (packages / "some" / "newer.py").write_text("from __future__ import next_year\n")
    prepare(packages)
    assert (packages / "some" / "newer.py").exists()
    assert "newer.py" in capfd.readouterr().out


@pytest.mark.parametrize("name", sorted({MANIFEST, *FILES["onnx"], *FILES["pipeline"]}))
def test_no_file_of_the_checkpoint_is_kept_from_the_build(name: str) -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line[1:] for line in lines if line.startswith("!model_cache/")]
    assert any(PurePosixPath(f"model_cache/{name}").match(pattern) for pattern in patterns)
