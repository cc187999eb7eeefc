"""The images under test, each built once."""

import functools
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from agnews.settings import EngineName
from tests.support.buildah import build, buildah
from tests.support.requirement import ROOT
from tests.support.stand_in import AWS_BASE, require_tools, stand_in


@dataclass(frozen=True)
class Variant:
    """An engine, architecture and Python version to build an image for."""

    engine: EngineName
    architecture: str = "amd64"
    python: str = "3.13"
    """Of the stand-in for the base image. AWS's base has 3.13."""


VARIANTS = (
    pytest.param(Variant("onnx"), id="onnx"),
    # 3.11: where PyTorch's index is out of reach, only a local torch for the tests' own Python can take its place.
    pytest.param(Variant("pipeline", python="3.11"), id="pipeline"),
    pytest.param(Variant("onnx", "arm64"), id="onnx-arm64", marks=pytest.mark.arm64),
)


@dataclass(frozen=True)
class Image:
    """A built image."""

    name: str
    base: str
    """The name of its base image."""
    variant: Variant


MEASURED: dict[Path, dict[str, object]] = {}
"""This run's measurements by file: nothing of an earlier run stays in a file."""


@functools.cache
def built(variant: Variant) -> Image:
    """Build the image from this checkout, unless that has been done, and return it."""
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
    """Return the uncompressed bytes of each layer, the base's first."""
    manifest = json.loads(buildah("inspect", "--type", "image", name))["Manifest"]
    return [layer["size"] for layer in json.loads(manifest)["layers"]]


def record(image: Image, **measured: object) -> None:
    """Add measurements of the image to its file below AGNEWS_RESULTS, if that is set."""
    folder = os.environ.get("AGNEWS_RESULTS")
    if not folder:
        return
    variant = image.variant
    suffix = "arm64" if variant.architecture == "arm64" else variant.engine
    path = ROOT / folder / "image" / f"image_{suffix}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    tools = {"base": image.base, "buildah": buildah("--version").split()[2]}
    measurements = MEASURED.setdefault(path, {})
    measurements.update(asdict(variant) | tools | measured)
    path.write_text(json.dumps(measurements, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def task(root: Path) -> Path:
    """Return Lambda's task folder below an image's root."""
    return root / "var" / "task"
