"""A wheel built from the source distribution, installed into an empty folder and used from another one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.local_lambda import request, served
from tests.support.requirement import ROOT, require_module
from tests.support.texts import OIL

require_module("hatchling", "pip")


def run(*arguments: object, cwd: Path, **environment: str) -> str:
    """Run a command and return what it wrote to standard output."""
    command = [str(argument) for argument in arguments]
    done = subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel was installed into."""
    built, target = tmp_path_factory.mktemp("built"), tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", built, cwd=ROOT)
    (sdist,) = built.iterdir()
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check")
    run(*pip, "install", "--no-deps", "--no-build-isolation", "--target", target, sdist, cwd=built)
    return target


def test_the_wheel_adds_nothing_but_the_package_and_its_command(installed: Path) -> None:
    assert {path.name.partition("-")[0] for path in installed.iterdir()} == {"agnews", "bin"}
    assert (installed / "agnews" / "py.typed").exists()


def test_an_installed_command_classifies_from_any_folder(installed: Path, tmp_path: Path) -> None:
    output = run(installed / "bin" / "agnews", "classify", OIL, cwd=tmp_path, PYTHONPATH=str(installed))
    assert output.splitlines()[1].startswith("Business")


def test_an_installed_command_verifies_the_files_of_both_engines(installed: Path, tmp_path: Path) -> None:
    facts = json.loads(run(installed / "bin" / "agnews", "info", "--json", cwd=tmp_path, PYTHONPATH=str(installed)))
    assert facts["engines_baked"] == ["onnx", "pipeline"]


def test_an_installed_package_classifies_in_python(installed: Path, tmp_path: Path) -> None:
    script = f"import agnews; print(agnews.__file__, agnews.classify({OIL!r})['label'])"
    output = run(sys.executable, "-c", script, cwd=tmp_path, PYTHONPATH=str(installed))
    assert output.split() == [str(installed / "agnews" / "__init__.py"), "Business"]


def test_an_installed_command_serves_the_function(installed: Path, tmp_path: Path) -> None:
    with served(tmp_path, installed) as (process, url):
        assert request(url)[2]["label"] == "Sports"
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
    assert str(installed) in lines[-1]  # the event for the AWS CLI
