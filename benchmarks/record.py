"""Writes a benchmark's figures with the checkpoint, the machine and the versions they were measured on."""

import json
from pathlib import Path
from typing import Any

from agnews.checkpoint import read_checkpoint
from agnews.facts import machine, versions
from agnews.settings import Settings

RESULTS = Path(__file__).resolve().parent.parent / "results"


def record(name: str, figures: dict[str, Any]) -> Path:
    """The path of results/NAME.json, which holds `figures` now."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    revision = read_checkpoint(Settings().model_dir).revision
    facts = {"revision": revision, "machine": machine(), "versions": versions()}
    path.write_text(json.dumps(figures | facts, indent=2) + "\n", encoding="utf-8")
    return path
