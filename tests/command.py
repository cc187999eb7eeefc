"""Runs download_model.py as people do: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "download_model.py"
EMBEDDED = ROOT / "model_cache"


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's, without the hub's settings and with one torch thread."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "AGNEWS_"))}
    return kept | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error::ResourceWarning"} | dict(extra or {})


def download_model(
    *arguments: str | Path, extra: Mapping[str, str] | None = None, before: Callable[[], None] | None = None
) -> subprocess.CompletedProcess[str]:
    """The ended process and what it printed."""
    return subprocess.run(
        [sys.executable, str(SCRIPT), *map(str, arguments)],
        env=environment(extra),
        preexec_fn=before,
        capture_output=True,
        text=True,
        timeout=300,
    )
