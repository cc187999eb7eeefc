"""The images that the tests prove, each built once."""

import functools
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from agnews.settings import EngineName
from tests.support.buildah import FOLDER, build, buildah
from tests.support.requirement import ROOT
from tests.support.stand_in import AWS_BASE, require_tools, stand_in


@dataclass(frozen=True)
class Variant:
    """What is built."""

    engine: EngineName
    architecture: str = "amd64"
    python: str = "3.13"
    """The stand-in's. AWS's base has 3.13."""


VARIANTS = (
    pytest.param(Variant("onnx"), id="onnx"),
    # 3.11: where PyTorch's index is out of reach, only a local torch for the tests' own Python can take its place.
    pytest.param(Variant("pipeline", python="3.11"), id="pipeline"),
    pytest.param(Variant("onnx", "arm64"), id="onnx-arm64", marks=pytest.mark.arm64),
)


@dataclass(frozen=True)
class Image:
    name: str
    base: str
    variant: Variant


MEASURED: dict[Path, dict[str, object]] = {}
"""What this run has measured, by the file that it is written to: nothing of an earlier run stays there."""


@functools.cache
def built(variant: Variant) -> Image:
    """The image, built from this checkout by the Dockerfile as it is."""
    require_tools(emulation=variant.architecture == "arm64")
    base = stand_in(variant.python, variant.architecture)
    name = f"localhost/agnews:{variant.engine}-{variant.architecture}"
    arguments = {} if base == AWS_BASE else {"BASE": base}
    if variant.engine != "onnx":
        arguments["ENGINE"] = variant.engine
    done = build(name, f"linux/{variant.architecture}", **arguments)
    assert done.returncode == 0, done.stdout
    return Image(name, base, variant)


def layers(name: str) -> list[int]:
    """The bytes of the image's layers, uncompressed, from the base's up."""
    target = FOLDER / "layers" / name.replace("/", "_").replace(":", "_")
    target.mkdir(parents=True, exist_ok=True)
    buildah("push", "--quiet", "--disable-compression", name, f"dir:{target}")
    return [layer["size"] for layer in json.loads((target / "manifest.json").read_text())["layers"]]


def record(image: Image, **measured: object) -> None:
    """Write what this run has measured of the image to its file below AGNEWS_RESULTS, if that is set."""
    folder = os.environ.get("AGNEWS_RESULTS")
    if not folder:
        return
    variant = image.variant
    suffix = "arm64" if variant.architecture == "arm64" else variant.engine
    path = ROOT / folder / "image" / f"image_{suffix}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    tools = {"base": image.base, "buildah": buildah("--version").split()[2]}
    facts = MEASURED.setdefault(path, {})
    facts.update(asdict(variant) | tools | measured)
    path.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def task(root: Path) -> Path:
    return root / "var" / "task"
