"""The script that writes the image's software bill of materials."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.requirement import require_module

require_module("cyclonedx")

from image.sbom import main  # noqa: E402

WHEEL = "1" * 64


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """What the build's earlier stages leave: packages, pip's report and a checkpoint."""
    for name, licence in (("Some_Package", "License-Expression: MIT"), ("long", f"License: {'x' * 2000}")):
        metadata = tmp_path / "packages" / f"{name.lower()}-1.0.dist-info" / "METADATA"
        metadata.parent.mkdir(parents=True)
        metadata.write_text(f"Metadata-Version: 2.4\nName: {name}\nVersion: 1.0\n{licence}\n")
    item = {"metadata": {"name": "some-package"}, "download_info": {"archive_info": {"hashes": {"sha256": WHEEL}}}}
    local = {"metadata": {"name": "long"}, "download_info": {"archive_info": {}}}
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "packages.json").write_text(json.dumps({"install": [item, local]}))
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "manifest.json").write_text('{"source": "hub/name", "revision": "abc"}')
    return tmp_path


def written(build: Path, name: str = "bill.json") -> Any:
    """Run the script and return the bill."""
    folders = [part for folder in ("packages", "reports", "model") for part in (f"--{folder}", str(build / folder))]
    main([*folders, "--base", "base:1", "--engine", "onnx", "--version", "2", "--output", str(build / name)])
    return json.loads((build / name).read_text(encoding="utf-8"))


def test_a_package_has_its_version_licence_and_wheels_hash(build: Path) -> None:
    (package,) = [item for item in written(build)["components"] if item["name"] == "Some_Package"]
    assert (package["version"], package["purl"]) == ("1.0", "pkg:pypi/some-package@1.0")
    assert package["hashes"] == [{"alg": "SHA-256", "content": WHEEL}]
    assert package["licenses"] == [{"license": {"id": "MIT"}}]


def test_a_hash_that_the_index_does_not_give_and_a_licences_whole_text_are_left_out(build: Path) -> None:
    (package,) = [item for item in written(build)["components"] if item["name"] == "long"]
    assert package.keys() & {"hashes", "licenses"} == set()


def test_the_checkpoint_has_its_source_and_revision(build: Path) -> None:
    (model,) = [item for item in written(build)["components"] if item["type"] == "machine-learning-model"]
    assert (model["name"], model["version"]) == ("hub/name", "abc")


def test_the_same_image_has_the_same_bill_and_another_one_has_another_number(build: Path) -> None:
    first = written(build)
    assert written(build, "again.json") == first
    (build / "model" / "manifest.json").write_text('{"source": "hub/name", "revision": "def"}')
    assert written(build, "other.json")["serialNumber"] != first["serialNumber"]
