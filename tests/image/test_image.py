"""What is in the image, and what is not."""

import hashlib
import json
import re
import struct
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

import pytest

from agnews import __version__
from agnews.model.checkpoint import FILES, MANIFEST
from tests.support.buildah import facts, mounted
from tests.support.images import Image, layers, record, task
from tests.support.requirement import ROOT
from tests.test_imports import KNOWN, NOT_IN_IMAGE, room_of

pytestmark = pytest.mark.image

FAST_LIMIT = 150_000_000
GLIBC = (2, 34)
"""Amazon Linux 2023's."""
LEGACY_TAGS = ("manylinux1", "manylinux2010", "manylinux2014")
"""glibc 2.5, 2.12 and 2.17."""
MACHINES = {"amd64": 62, "arm64": 183}
"""ELF's numbers of the architectures."""
NEWER_SYNTAX = {"py312_intrinsics.py"}
"""torch's, which the stand-in's Python 3.11 cannot compile, and no import opens."""
SENDING = {"botocore", "dateutil", "jmespath", "six.py", "urllib3"}
FAST = {
    "agnews",
    "handler.py",
    "model_cache",
    "sbom.cdx.json",
    "numpy",
    "numpy.libs",
    "onnxruntime",
    "tokenizers",
} | SENDING


@pytest.fixture(scope="module")
def root(image: Image) -> Path:
    """The folder where the image's files are mounted."""
    return mounted(image.name)


def test_the_image_starts_the_handler_through_the_bases_entrypoint(image: Image) -> None:
    config = facts(image.name)["config"]
    assert config["Entrypoint"] == facts(image.base)["config"]["Entrypoint"]
    assert (config["Cmd"], config["WorkingDir"]) == (["handler.lambda_handler"], "/var/task")
    assert config.get("User", "") == ""
    assert f"AGNEWS_ENGINE={image.variant.engine}" in config["Env"]


def test_the_labels_say_version_engine_and_model(image: Image) -> None:
    labels = facts(image.name)["config"]["Labels"]
    assert labels["org.opencontainers.image.version"] == __version__
    assert labels["org.opencontainers.image.base.name"] == image.base
    assert (labels["agnews.engine"], labels["agnews.model"]) == (image.variant.engine, "embedded")


def test_the_fast_image_adds_at_most_150_mb(image: Image) -> None:
    base, whole = sum(layers(image.base)), sum(layers(image.name))
    record(image, base_bytes=base, added_bytes=whole - base)
    assert image.variant.engine != "onnx" or whole - base <= FAST_LIMIT


def test_the_fast_image_holds_nothing_but_what_it_runs(image: Image, root: Path) -> None:
    files = {path.name for path in task(root).iterdir() if path.suffix != ".dist-info"}
    assert files >= FAST - {"numpy.libs", "onnxruntime"}
    assert image.variant.engine != "onnx" or files == FAST | {"__pycache__"}


def test_of_the_package_only_what_the_handler_runs_is_there(root: Path) -> None:
    held = {".".join(path.relative_to(task(root)).with_suffix("").parts) for path in task(root).glob("agnews/**/*.py")}
    ours = {name for name in KNOWN - {"handler"} if room_of(name) not in NOT_IN_IMAGE}
    assert {name.removesuffix(".__init__") for name in held} == ours


def test_the_checkpoint_is_the_engines_alone(image: Image, root: Path) -> None:
    files = {path.name for path in (task(root) / "model_cache").iterdir()}
    assert files == {MANIFEST, *FILES[image.variant.engine]}


@pytest.fixture(scope="module")
def bill(root: Path) -> Any:
    """The image's software bill of materials."""
    return json.loads((task(root) / "sbom.cdx.json").read_text(encoding="utf-8"))


def components(bill: Any, kind: str) -> dict[str, Any]:
    """Return the bill's components of one type by name."""
    return {item["name"]: item for item in bill["components"] if item["type"] == kind}


def test_the_bill_of_materials_has_exactly_the_installed_packages(bill: Any, root: Path) -> None:
    listed = {name: item["version"] for name, item in components(bill, "library").items()}
    assert listed == {package.name: package.version for package in distributions(path=[str(task(root))])}


def test_every_package_came_in_a_wheel_with_a_pinned_hash(bill: Any) -> None:
    names = ("lambda.txt", "aws.txt", "pipeline.txt")
    pinned = "".join((ROOT / "requirements" / name).read_text(encoding="utf-8") for name in names)
    unpinned = {
        name
        for name, item in components(bill, "library").items()
        if not any(f"sha256:{digest['content']}" in pinned for digest in item.get("hashes", []))
    }
    assert unpinned <= {"torch"}


def test_the_bill_of_materials_names_the_checkpoints_files_with_their_hashes(bill: Any, root: Path) -> None:
    (model,) = components(bill, "machine-learning-model").values()
    listed = {item["name"]: item["hashes"][0]["content"] for item in model["components"]}
    files = (task(root) / "model_cache").iterdir()
    assert listed == {f"model_cache/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_bill_of_materials_names_the_base_image_and_the_engine(image: Image, bill: Any) -> None:
    whole = bill["metadata"]["component"]
    assert list(components(bill, "container")) == [image.base]
    assert (whole["version"], whole["properties"][0]["value"]) == (__version__, image.variant.engine)


def test_every_file_is_readable_by_all(root: Path) -> None:
    closed = [
        path
        for path in (task(root), *task(root).rglob("*"))
        if path.stat().st_mode & 0o444 != 0o444 or (path.is_dir() and path.stat().st_mode & 0o111 != 0o111)
    ]
    assert closed == []


def test_every_module_is_compiled_and_never_checked_against_its_source(image: Image, root: Path) -> None:
    tag = f"cpython-{image.variant.python.replace('.', '')}"
    unready = []
    for source in [path for path in task(root).rglob("*.py") if path.name not in NEWER_SYNTAX]:
        compiled = source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc"
        if not compiled.exists() or struct.unpack("<I", compiled.read_bytes()[4:8])[0] != 1:
            unready.append(source)
    assert unready == []


def test_every_wheel_loads_on_glibc_2_34(image: Image, root: Path) -> None:
    wheels = {path.parent.name: tags(path) for path in task(root).glob("*.dist-info/WHEEL")}
    record(
        image,
        wheels={name.removesuffix(".dist-info"): sorted(wheel_tags) for name, wheel_tags in sorted(wheels.items())},
    )
    assert wheels
    assert [name for name, wheel_tags in wheels.items() if not any(map(loads, wheel_tags))] == []


def tags(wheel: Path) -> set[str]:
    """Return the platform tags in a wheel's metadata."""
    lines = re.findall(r"^Tag: \S+-(\S+)$", wheel.read_text(), re.MULTILINE)
    return {tag for line in lines for tag in line.split(".")}


def loads(tag: str) -> bool:
    modern = re.match(r"manylinux_(\d+)_(\d+)_", tag)
    return tag == "any" or tag.startswith(LEGACY_TAGS) or bool(modern and (int(modern[1]), int(modern[2])) <= GLIBC)


def test_every_library_is_of_the_architecture_and_asks_for_no_newer_glibc(image: Image, root: Path) -> None:
    libraries = [path for path in task(root).rglob("*.so*") if path.read_bytes()[:4] == b"\x7fELF"]
    versions = {version for path in libraries for version in re.findall(rb"GLIBC_2\.(\d+)", path.read_bytes())}
    newest = max(map(int, versions))
    record(image, libraries=len(libraries), newest_glibc=f"2.{newest}")
    machines = {struct.unpack("<H", path.read_bytes()[18:20])[0] for path in libraries}
    assert machines == {MACHINES[image.variant.architecture]}
    assert (2, newest) <= GLIBC


def test_the_fast_image_has_no_torch(image: Image, root: Path) -> None:
    assert (task(root) / "torch").exists() is (image.variant.engine == "pipeline")


def test_no_nvidia_package_came_with_torch(root: Path) -> None:
    assert list(task(root).glob("nvidia*")) == []
