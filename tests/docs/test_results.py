"""What lies in results/ was measured on the checkpoint that lies here."""

import json
from pathlib import Path

import pytest

from agnews.model.checkpoint import read_checkpoint
from agnews.settings import Settings
from benchmarks.record import graph_of, structure_of
from tests.support.requirement import ROOT, require_module

PREVIOUS = ROOT / "results" / "quality" / "previous"
"""Reports on the checkpoint before this one."""
SIZES = {"image_onnx", "image_pipeline", "image_arm64"}
"""Results of which documents quote sizes, and the checkpoint wherever they quote more."""
TIMES = {"bulk_run", "cold", "cost", "file", "growth", "lists", "shapes", "threads", "trust", "warm"}
"""Results of which documents quote times and counts alone."""


@pytest.mark.parametrize(
    "path",
    sorted(path for path in (ROOT / "results").rglob("*.json") if path.parent != PREVIOUS),
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_every_result_is_of_the_checkpoint_that_lies_here(path: Path) -> None:
    result = json.loads(path.read_text(encoding="utf-8"))
    checkpoint = read_checkpoint(Settings().model_dir)
    if path.stem in TIMES:  # the same work with whatever weights
        require_module("onnx")
        assert result["structure"] == structure_of(checkpoint.path("model.onnx"))
        return
    if path.stem in SIZES:
        return
    facts = result.get("installation") or result.get("model") or result
    assert facts["revision"] == checkpoint.revision
    if "versions" in result:  # a benchmark's: not of another graph made of the same weights, either
        assert result["graph"] == graph_of(checkpoint)
