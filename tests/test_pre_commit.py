"""The pre-commit configuration checks what `make check` checks."""

import re

from tests.support.requirement import ROOT


def test_pre_commit_runs_the_pinned_ruff() -> None:
    configuration = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (revision,) = re.findall(r"ruff-pre-commit\s+rev: v(\S+)", configuration)
    assert f"ruff=={revision}" in (ROOT / "requirements" / "dev.in").read_text(encoding="utf-8").splitlines()
