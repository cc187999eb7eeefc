"""Write a benchmark's figures with the checkpoint, machine and versions they were measured on."""

import hashlib
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agnews.cli.info import machine, versions
from agnews.model.checkpoint import FILES, Checkpoint, read_checkpoint
from agnews.settings import Settings

EMBEDDED = Settings().model_dir
RESULTS = Path(__file__).resolve().parent.parent / "results"
SPEED = RESULTS / "speed"
"""Where benchmarks write; those that compare libraries, into a folder for each CPU (`cpu_folder`)."""
QUALITY = RESULTS / "quality"
"""Where `make evaluate` writes, a folder for each report."""

INSTRUCTIONS = ("avx2", "avx512_vnni", "avx_vnni", "amx_int8")
"""What x86 CPUs have for int8 products, by the kernel's names."""

LOAD_AT_START = os.getloadavg()[0]
"""Runnable processes, averaged over the minute before this one started: near 0 on a quiet machine."""


def record(name: str, figures: dict[str, Any], folder: Path = SPEED, model_dir: Path = EMBEDDED) -> Path:
    """Write `figures`, measured on the checkpoint in `model_dir`, to `folder`/NAME.json and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    checkpoint = read_checkpoint(model_dir)
    facts = {
        "revision": checkpoint.revision,
        "graph": graph_of(checkpoint),
        "structure": structure_of(checkpoint.path("model.onnx")),
        "machine": {**machine(), "instructions": instructions()},
        "versions": versions(),
        "load_at_start": round(LOAD_AT_START, 2),
    }
    path.write_text(json.dumps(figures | facts, indent=2) + "\n", encoding="utf-8")
    return path


def instructions() -> list[str]:
    """Return which of INSTRUCTIONS this machine's CPU has."""
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    return [name for name in INSTRUCTIONS if name in flags]


def this_cpus_folder() -> Path:
    """Return where benchmarks that compare libraries write on this machine."""
    return cpu_folder(machine()["cpu"], instructions())


def cpu_folder(cpu: str, instructions: Sequence[str]) -> Path:
    """Return where benchmarks that compare libraries write on a CPU, such as results/speed/amd_epyc."""
    words = re.findall(r"[a-z0-9]+", re.sub(r"\(.*?\)|\bprocessor\b", " ", cpu.lower()))
    return SPEED / "_".join([*words, *(["amx"] if "amx_int8" in instructions else [])])


def graph_of(checkpoint: Checkpoint) -> list[str]:
    """Return the start of the sha256 of the int8 graph's files: it differs between graphs made of the same weights."""
    return [checkpoint.files[name]["sha256"][:16] for name in FILES["onnx"] if name.startswith("model")]


def structure_of(path: Path) -> str:
    """Return the start of a sha256 of the graph without its weights: graphs of one structure take the same time.

    It covers the operators in order, their attributes and connections, and the type and shape of constants; integer
    constants, which are themselves shapes, by value.
    """
    import onnx  # not where torch is missing

    int64 = onnx.TensorProto.INT64
    graph = onnx.load(path, load_external_data=False).graph
    constants = {
        tensor.name: (tensor.data_type, *tensor.dims, tensor.raw_data if tensor.data_type == int64 else b"")
        for tensor in graph.initializer
    }
    results = {
        name: (number, place) for number, node in enumerate(graph.node) for place, name in enumerate(node.output)
    }
    nodes = [
        (
            node.op_type,
            node.domain,
            [constants.get(name) or results.get(name, name) for name in node.input],
            sorted(str(attribute) for attribute in node.attribute),
        )
        for node in graph.node
    ]
    return hashlib.sha256(repr(nodes).encode()).hexdigest()[:16]
