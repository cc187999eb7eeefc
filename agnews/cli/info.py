"""`agnews info`: which checkpoint, engine, versions and machine; every report carries them, too."""

import argparse
import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from agnews import __version__
from agnews.api.request import Json
from agnews.cli.console import utf8_output
from agnews.errors import ModelError
from agnews.model.checkpoint import FILES, MANIFEST, read_checkpoint, verify
from agnews.settings import EngineName, Settings

PACKAGES = ("numpy", "onnxruntime", "tokenizers", "torch", "transformers")


class Machine(TypedDict):
    """What the numbers of a report depend on."""

    platform: str
    cpu: str
    cpus: int


class Facts(TypedDict):
    """The installation, as it would answer now."""

    source: str
    revision: str
    engine: EngineName
    engines_baked: list[EngineName]
    workers: int
    max_length: int
    temperature: float
    files: dict[str, int]
    metrics: Json
    versions: dict[str, str]
    machine: Machine


def info(arguments: argparse.Namespace) -> int:
    """0, after printing the facts."""
    found = facts(Settings.from_environment())
    utf8_output().write(
        (json.dumps(found, indent=2, ensure_ascii=False) if arguments.json else facts_text(found)) + "\n"
    )
    return 0


def facts(settings: Settings) -> Facts:
    """The facts, the baked files verified. Raises ModelError as loading would."""
    checkpoint = read_checkpoint(settings.model_dir)
    if settings.engine == "pipeline" and find_spec("torch") is None:
        raise ModelError("the pipeline engine needs torch and transformers: pip install -e '.[pipeline]'")
    for engine in dict.fromkeys([settings.engine, *checkpoint.engines()]):
        verify(checkpoint, FILES[engine])
    manifest = json.loads((settings.model_dir / MANIFEST).read_text(encoding="utf-8"))
    return {
        "source": checkpoint.source,
        "revision": checkpoint.revision,
        "engine": settings.engine,
        "engines_baked": checkpoint.engines(),
        "workers": settings.workers,
        "max_length": checkpoint.max_length,
        "temperature": checkpoint.temperature,
        "files": {name: found["bytes"] for name, found in checkpoint.files.items()},
        "metrics": manifest.get("metrics"),
        "versions": versions(),
        "machine": machine(),
    }


def versions() -> dict[str, str]:
    """What is installed: agnews, Python, and those of PACKAGES that are installed."""
    found = {"agnews": __version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def machine() -> Machine:
    """The machine, without its name."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    system = f"{platform.system()} {platform.release()} {platform.machine()}"
    return {"platform": system, "cpu": cpu_name(Path("/proc/cpuinfo")), "cpus": cpus}


def cpu_name(path: Path) -> str:
    """The processor's name, as Linux has it in `path`, or what Python knows."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def facts_text(found: Facts) -> str:
    """The facts as aligned lines."""
    files = ", ".join(f"{name} {size / 1e6:,.1f} MB" for name, size in found["files"].items())
    lines = {
        "checkpoint": f"{found['source']} @ {found['revision']}",
        "engine": f"{found['engine']} (baked: {', '.join(found['engines_baked'])})",
        "workers": str(found["workers"]),
        "tokens": f"at most {found['max_length']} per text",
        "temperature": f"{found['temperature']:g}",
        "files": f"{files}; verified",
        "metrics": json.dumps(found["metrics"]) if found["metrics"] else "",
        "versions": ", ".join(f"{name} {number}" for name, number in found["versions"].items()),
        "machine": f"{found['machine']['cpu']}, {found['machine']['cpus']} CPUs, {found['machine']['platform']}",
    }
    return "\n".join(f"{name:<12} {value}" for name, value in lines.items() if value)
