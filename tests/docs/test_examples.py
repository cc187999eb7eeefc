"""The documents' examples do what they show: events, Python, and commands."""

import ast
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import download_model
from agnews.cli.arguments import build_parser
from agnews.function.events.dispatch import answer
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.documents import Example, examples, text_of
from tests.support.requirement import AWS, AWS_V2, ROOT, require, require_module

EVENTS = [block for block in examples("json") if block.role in ("event", "answer")]
SCORE_DIGITS = 5e-3
"""How far a score may be from the one shown: other CPUs round differently."""


def name_of(example: Example) -> str:
    return f"{example.path.name}: {example.content[:40].strip()}"


def alike(shown: Any, actual: Any) -> bool:
    """Whether an answer is as shown, where `…` stands for any string."""
    if isinstance(shown, dict):
        return shown.keys() == actual.keys() and all(alike(shown[key], actual[key]) for key in shown)
    if isinstance(shown, list):
        return len(shown) == len(actual) and all(map(alike, shown, actual))
    if isinstance(shown, float):
        return bool(actual == pytest.approx(shown, abs=SCORE_DIGITS))
    return shown == "…" or bool(shown == actual)


@pytest.mark.parametrize("example", [block for block in EVENTS if block.role == "event"], ids=name_of)
def test_an_event_is_answered_as_shown(example: Example, classifier: Classifier, settings: Settings) -> None:
    actual: Any = answer(json.loads(example.content), classifier, settings)
    following = EVENTS[EVENTS.index(example) + 1 :]
    if following and following[0].role == "answer":
        assert alike(json.loads(following[0].content), json.loads(json.dumps(actual)))
    else:
        assert "label" in actual or actual["errors"] == 0


@pytest.mark.parametrize("example", examples("python"), ids=name_of)
def test_python_runs_and_gives_what_its_comments_say(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    if "transformers" in example.content:
        require_module("transformers")
    monkeypatch.chdir(ROOT)
    names: dict[str, Any] = {}
    page = [block.content for block in examples("python") if block.path == example.path]
    for source in page[: page.index(example.content) + 1]:  # a page's snippets build on each other
        for shown, actual in values(source, names):
            assert alike(shown, actual)


def values(source: str, names: dict[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Run the source; yield the values of its expressions that a comment shows, and what the comment says."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        code = ast.unparse(node)
        if not isinstance(node, ast.Expr):
            exec(code, names)
            continue
        value = eval(code, names)
        line = node.end_lineno or 0
        beside = re.search(r"  # (.+)$", lines[line - 1]) or re.match(r"# (.+)$", "".join(lines[line : line + 1]))
        if beside:
            yield ast.literal_eval(beside[1]), value


def commands() -> list[tuple[str, str]]:
    """Every command behind a `$`, its continuation lines included, with the document that shows it."""
    return [
        (block.path.name, command)
        for block in examples("console")
        for command in re.findall(r"^\$ ((?:.*\\\n)*.*)$", block.content, re.MULTILINE)
    ]


def arguments(*names: str) -> list[list[str]]:
    """The arguments of every command that begins with one of these words, without the word."""
    split = [shlex.split(command, comments=True) for _, command in commands() if command.startswith(names)]
    return [words[len(names[0].split()) :] for words in split]


AGNEWS = arguments("agnews", ".venv-lean/bin/agnews")


@pytest.mark.parametrize("words", AGNEWS, ids=" ".join)
def test_the_command_line_takes_the_arguments_shown(words: list[str]) -> None:
    build_parser().parse_args(words)


@pytest.mark.parametrize("words", [words for words in AGNEWS if "classify" in words], ids=" ".join)
def test_classify_classifies_what_is_shown(words: list[str], tmp_path: Path) -> None:
    placed = [str(tmp_path / word) if word == "topics.csv" else word for word in words]
    done = subprocess.run([sys.executable, "-m", "agnews", *placed], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0
    assert [line for line in done.stderr.splitlines() if " rows written to " not in line] == []
    assert done.stdout or (tmp_path / "topics.csv").stat().st_size


@pytest.mark.parametrize("words", arguments("python download_model.py"), ids=" ".join)
def test_download_model_takes_the_arguments_shown(words: list[str]) -> None:
    download_model._parser().parse_args(words)


@pytest.mark.parametrize("words", arguments("python -m"), ids=" ".join)
def test_the_modules_shown_exist(words: list[str]) -> None:
    assert importlib.util.find_spec(words[0])


@pytest.mark.parametrize("words", arguments("make"), ids=" ".join)
def test_make_has_the_targets_shown(words: list[str]) -> None:
    assert re.search(rf"^{words[0]}:", text_of("Makefile"), re.MULTILINE)


@pytest.mark.parametrize("words", arguments("scripts/deploy.sh"), ids=" ".join)
def test_the_deploy_script_takes_the_options_shown(words: list[str]) -> None:
    usage = subprocess.run([ROOT / "scripts" / "deploy.sh", "--help"], capture_output=True, text=True, check=True)
    assert [word for word in words if word.startswith("--") and f" {word} " not in usage.stdout] == []


@pytest.mark.parametrize(
    "command",
    [command for _, command in commands() if "127.0.0.1:9000" in command and not command.startswith("docker")],
)
def test_a_command_to_the_local_function_is_answered(command: str, served_url: str, tmp_path: Path) -> None:
    require(shutil.which("curl") is not None, "curl", "apt-get install curl")
    if "aws" in command:
        require(AWS.exists(), f"the AWS CLI ({AWS})")
        if not AWS_V2:
            command = command.replace("--cli-binary-format raw-in-base64-out", "")
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    done = subprocess.run(
        ["bash", "-c", command.replace("http://127.0.0.1:9000", served_url)],
        cwd=tmp_path,
        env=os.environ | nowhere | {"PATH": f"{AWS.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert '"error"' not in done.stdout
    assert '"label"' in done.stdout or '"status": "ok"' in done.stdout
