"""Write the CycloneDX bill of materials of what the image adds to its base: packages, code and checkpoint."""

import argparse
import hashlib
import json
import re
import sys
import uuid
from collections.abc import Iterator, Sequence
from importlib.metadata import Distribution, distributions
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import License
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

LONGEST_LICENSE = 100
"""Characters of a licence's name; some packages give its whole text instead."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file that `--output` names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=Path, required=True, help="the folder that pip installed into")
    parser.add_argument("--reports", type=Path, required=True, help="the folder of pip's --report files")
    parser.add_argument("--model", type=Path, required=True, help="the baked checkpoint")
    parser.add_argument("--base", required=True, help="the base image")
    parser.add_argument("--engine", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--output", type=Path, required=True)
    options = parser.parse_args(arguments)
    hashes = wheel_hashes(options.reports)
    components = [
        Component(name=options.base, type=ComponentType.CONTAINER, bom_ref="base"),
        Component(name="agnews", version=options.version, type=ComponentType.APPLICATION, bom_ref="code"),
        *(library(item, hashes) for item in distributions(path=[str(options.packages)])),
        checkpoint(options.model),
    ]
    image = Component(
        name="agnews-lambda",
        version=options.version,
        type=ComponentType.CONTAINER,
        bom_ref="image",
        properties=[Property(name="agnews:engine", value=options.engine)],
    )
    options.output.write_text(document(image, components) + "\n", encoding="utf-8")


def document(image: Component, components: Sequence[Component]) -> str:
    """Return the bill as JSON. The same image has the same bill: it has no time, and its serial number is a hash."""
    bom = Bom(components=components, serial_number=uuid.UUID(int=0))
    bom.metadata.component = image
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the getter may return it
    bom.register_dependency(image, components)
    content = JsonV1Dot6(bom).output_as_string()
    bom.serial_number = uuid.uuid5(uuid.NAMESPACE_OID, content)
    return JsonV1Dot6(bom).output_as_string(indent=2)


def wheel_hashes(reports: Path) -> dict[str, str]:
    """Return the SHA-256 of each wheel that pip installed, by normalised name, as far as its index gives one."""
    hashes = {}
    for path in sorted(reports.glob("*.json")):
        for item in json.loads(path.read_text(encoding="utf-8"))["install"]:
            wheel = item["download_info"].get("archive_info", {}).get("hashes", {})
            if "sha256" in wheel:
                hashes[normalised(item["metadata"]["name"])] = wheel["sha256"]
    return hashes


def normalised(name: str) -> str:
    """Return a package's name as PyPI compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def library(package: Distribution, hashes: dict[str, str]) -> Component:
    """Return an installed package, with the hash of the wheel that it came in."""
    name = normalised(package.name)
    purl = PackageURL("pypi", name=name, version=package.version)
    return Component(
        name=package.name,
        version=package.version,
        purl=purl,
        bom_ref=purl.to_string(),
        hashes=[sha256(hashes[name])] if name in hashes else [],
        licenses=list(licenses(package)),
    )


def licenses(package: Distribution) -> Iterator[License]:
    """Yield the licence in a package's metadata, if it has one that is not a whole text."""
    metadata = package.metadata
    text = next((metadata[name] for name in ("License-Expression", "License") if name in metadata), "")
    if 0 < len(text) <= LONGEST_LICENSE:
        yield LicenseFactory().make_from_string(text)


def checkpoint(folder: Path) -> Component:
    """Return the checkpoint with the hash of each of its files."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    files = []
    for path in sorted(folder.iterdir()):
        name = f"model_cache/{path.name}"
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        files.append(Component(name=name, type=ComponentType.FILE, bom_ref=name, hashes=[sha256(digest)]))
    return Component(
        name=manifest["source"],
        version=manifest["revision"],
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref="model",
        components=files,
    )


def sha256(digest: str) -> HashType:
    """Return a digest in hexadecimal as a hash."""
    return HashType(alg=HashAlgorithm.SHA_256, content=digest)


if __name__ == "__main__":
    main(sys.argv[1:])
