"""Writes a benchmark's figures with the checkpoint, the machine and the versions they were measured on."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from agnews.cli.info import machine, versions
from agnews.model.checkpoint import FILES, Checkpoint, read_checkpoint
from agnews.settings import Settings

EMBEDDED = Settings().model_dir
RESULTS = Path(__file__).resolve().parent.parent / "results"
SPEED = RESULTS / "speed"
"""Where every benchmark writes."""
QUALITY = RESULTS / "quality"
"""Where `make evaluate` writes, a folder for each report."""

LOAD_AT_START = os.getloadavg()[0]
"""Runnable processes, averaged over the minute before this one started: near 0 on a quiet machine."""


def record(name: str, figures: dict[str, Any], folder: Path = SPEED, model_dir: Path = EMBEDDED) -> Path:
    """The path of `folder`/NAME.json, which holds `figures` now, measured on the checkpoint in `model_dir`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    checkpoint = read_checkpoint(model_dir)
    facts = {
        "revision": checkpoint.revision,
        "graph": graph_of(checkpoint),
        "structure": structure_of(checkpoint.path("model.onnx")),
        "machine": machine(),
        "versions": versions(),
        "load_at_start": round(LOAD_AT_START, 2),
    }
    path.write_text(json.dumps(figures | facts, indent=2) + "\n", encoding="utf-8")
    return path


def graph_of(checkpoint: Checkpoint) -> list[str]:
    """What tells the int8 graph from others that were made of the same weights: the start of its files' sha256."""
    return [checkpoint.files[name]["sha256"][:16] for name in FILES["onnx"] if name.startswith("model")]


def structure_of(path: Path) -> str:
    """What tells a graph from those that take other work: the start of a sha256 of all of it but its weights.

    Operators in their order, their attributes and what they connect; constants by type and shape, and those that are
    themselves shapes by value. Times are of these.
    """
    import onnx  # not where torch is missing

    graph = onnx.load(path, load_external_data=False).graph
    constants = {
        each.name: (each.data_type, *each.dims, each.raw_data if each.data_type == onnx.TensorProto.INT64 else b"")
        for each in graph.initializer
    }
    results = {name: (node, place) for node, each in enumerate(graph.node) for place, name in enumerate(each.output)}
    nodes = [
        (
            each.op_type,
            each.domain,
            [constants.get(name) or results.get(name, name) for name in each.input],
            sorted(str(attribute) for attribute in each.attribute),
        )
        for each in graph.node
    ]
    return hashlib.sha256(repr(nodes).encode()).hexdigest()[:16]
