"""The script of `make demo`, run as a user runs it."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agnews.labels import LABELS
from tests.support.requirement import ROOT, require_module

ROW = re.compile(r"^│ (\S+) +│ +(\d\.\d+) │", re.MULTILINE)
"""Topic and score; if a headline takes two lines, they are in the first."""


def single_answer(text: str) -> Any:
    """Return the answer to the single headline."""
    return json.JSONDecoder().raw_decode(text, text.index("{"))[0]


def table_rows(text: str) -> list[tuple[str, float]]:
    """Return topic and score of each headline in the table."""
    return [(label, float(score)) for label, score in ROW.findall(text)]


@pytest.fixture(scope="module")
def printed() -> str:
    require_module("rich", remedy="make demo")
    plain = {"COLUMNS": "80", "FORCE_COLOR": "", "PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "examples/demo.py"],
        cwd=ROOT,
        env=os.environ | plain,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_demo_answers_one_headline_and_a_list(printed: str) -> None:
    answer = single_answer(printed)
    assert (answer["label"], len(answer["scores"])) == ("Business", 4)
    rows = table_rows(printed)
    assert len(rows) == 10
    assert {label for label, _ in rows} == set(LABELS)
    assert all(0.25 <= score <= 1 for _, score in rows)


def test_the_command_that_the_demo_ends_with_works_from_any_folder(printed: str, tmp_path: Path) -> None:
    command = shlex.split(printed.splitlines()[-1].removeprefix("Next: ").partition(",")[0])
    done = subprocess.run([ROOT / command[0], *command[1:]], cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].endswith("Your headline")
