"""Runs download_model.py as people do: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.support.requirement import ROOT

SCRIPT = ROOT / "download_model.py"
EMBEDDED = ROOT / "model_cache"


def download_model(
    *arguments: str | Path, extra: Mapping[str, str] | None = None, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run it and return the process with its output; `extra` are environment variables."""
    strict = {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error::ResourceWarning"}
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        env=os.environ | strict | dict(extra or {}),
        preexec_fn=before,
        capture_output=True,
        text=True,
        timeout=300,
    )
