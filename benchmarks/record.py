"""Writes a benchmark's figures with the checkpoint, the machine and the versions they were measured on."""

import json
from pathlib import Path
from typing import Any

from agnews.checkpoint import read_checkpoint
from agnews.facts import machine, versions
from agnews.settings import Settings

RESULTS = Path(__file__).resolve().parent.parent / "results"


def record(name: str, figures: dict[str, Any], folder: Path = RESULTS) -> Path:
    """The path of NAME.json in `folder`, results/ by default, which holds `figures` now."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    revision = read_checkpoint(Settings().model_dir).revision
    facts = {"revision": revision, "machine": machine(), "versions": versions()}
    path.write_text(json.dumps(figures | facts, indent=2) + "\n", encoding="utf-8")
    return path
