"""`agnews info`: the checkpoint, engine, versions and machine in use. Evaluation reports and benchmarks record them."""

import argparse
import json
import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from agnews import __version__
from agnews.api.values import Json
from agnews.cli.console import utf8_output
from agnews.errors import ModelError
from agnews.labels import listed
from agnews.model.checkpoint import FILES, MANIFEST, read_checkpoint, verify
from agnews.settings import EngineName, Settings

PACKAGES = ("numpy", "onnxruntime", "tokenizers", "torch", "transformers")


class Machine(TypedDict):
    """The hardware and operating system that measurements depend on."""

    platform: str
    cpu: str
    cpus: int


class Installation(TypedDict):
    """The checkpoint, engine, versions and machine that would answer now."""

    source: str
    revision: str
    labels: list[str]
    engine: EngineName
    engines_baked: list[EngineName]
    workers: int
    max_length: int
    temperature: float
    files: dict[str, int]
    """Bytes by name."""
    metrics: Json
    versions: dict[str, str]
    machine: Machine


def info(arguments: argparse.Namespace) -> int:
    """Run the command. Returns 0."""
    current = installation(Settings.from_environment())
    text = json.dumps(current, indent=2, ensure_ascii=False) if arguments.json else installation_text(current)
    utf8_output().write(f"{text}\n")
    return 0


def installation(settings: Settings) -> Installation:
    """Return what is installed, after verifying the baked files. Raises ModelError as loading the model would."""
    checkpoint = read_checkpoint(settings.model_dir)
    if settings.engine == "pipeline" and find_spec("torch") is None:
        raise ModelError("the pipeline engine needs torch and transformers: pip install torch transformers")
    for engine in dict.fromkeys([settings.engine, *checkpoint.engines()]):
        verify(checkpoint, FILES[engine])
    manifest = json.loads((settings.model_dir / MANIFEST).read_text(encoding="utf-8"))
    return {
        "source": checkpoint.source,
        "revision": checkpoint.revision,
        "labels": list(checkpoint.labels),
        "engine": settings.engine,
        "engines_baked": checkpoint.engines(),
        "workers": settings.workers,
        "max_length": checkpoint.max_length,
        "temperature": checkpoint.temperature,
        "files": {name: file["bytes"] for name, file in checkpoint.files.items()},
        "metrics": manifest.get("metrics"),
        "versions": versions(),
        "machine": machine(),
    }


def versions() -> dict[str, str]:
    """Return the versions of agnews, Python and those PACKAGES that are installed."""
    installed = {"agnews": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed


def machine() -> Machine:
    """Return this machine's platform, processor and number of CPUs, without its host name."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return {"platform": system, "cpu": cpu_name(Path("/proc/cpuinfo")), "cpus": cpus}


def cpu_name(path: Path) -> str:
    """Return the processor's name from Linux's cpuinfo at `path`, or Python's name for it."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def installation_text(current: Installation) -> str:
    """Return the installation as aligned lines."""
    files = ", ".join(f"{name} {size_text(size)}" for name, size in current["files"].items())
    hardware = current["machine"]
    lines = {
        "checkpoint": f"{current['source']} @ {current['revision']}",
        "labels": listed(current["labels"]),
        "engine": f"{current['engine']} (baked: {', '.join(current['engines_baked'])})",
        "workers": str(current["workers"]),
        "tokens": f"at most {current['max_length']} per text",
        "temperature": f"{current['temperature']:g}",
        "files": f"{files}; verified",
        "metrics": f"\n{'':<13}".join(metrics_lines(current["metrics"])),
        "versions": ", ".join(f"{name} {number}" for name, number in current["versions"].items()),
        "machine": f"{hardware['cpu']}, {hardware['cpus']} CPUs, {hardware['platform']}",
    }
    return "\n".join(f"{name:<12} {value}" for name, value in lines.items() if value)


def size_text(size: int) -> str:
    """Return a number of bytes in the unit that suits it."""
    for unit, factor in (("MB", 1e6), ("kB", 1e3)):
        if size >= 0.1 * factor:
            return f"{size / factor:,.1f} {unit}"
    return f"{size:,} bytes"


def metrics_lines(metrics: Json, name: str = "") -> Iterator[str]:
    """Yield the numbers of nested metrics, those of each group in one line with the group's name."""
    if not isinstance(metrics, dict):
        return
    numbers = [f"{key.replace('_', ' ')} {value:,}" for key, value in metrics.items() if isinstance(value, int | float)]
    if numbers:
        yield f"{name}: {', '.join(numbers)}".removeprefix(": ")
    for key, value in metrics.items():
        yield from metrics_lines(value, f"{name} {key.replace('_', ' ')}".strip())
