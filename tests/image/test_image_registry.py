"""What a registry gets of the image is what Lambda takes: one platform, no index, no attestations."""

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.buildah import buildah
from tests.support.images import Image, record
from tests.support.registry import registry

pytestmark = pytest.mark.image

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
OCI = "application/vnd.oci.image.manifest.v1+json"
ACCEPTED = {DOCKER, OCI}
"""What Lambda reads; of an index it says "image manifest media type is not supported"."""
LAYERS = {"application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.oci.image.layer.v1.tar+gzip"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with registry(tmp_path_factory.mktemp("registry")) as address:
        yield address


@pytest.fixture(scope="module")
def pushed(image: Image, address: str) -> str:
    """The image's name in the registry. To push the larger one takes a minute, and shows but its size."""
    if image.variant.engine == "pipeline" and not os.environ.get("AGNEWS_RESULTS"):
        pytest.skip("measured with RESULTS alone")
    name = f"docker://{address}/agnews:{image.variant.engine}-{image.variant.architecture}"
    buildah("push", "--quiet", "--tls-verify=false", image.name, name)
    return name


def inspect(name: str, *options: str) -> Any:
    command = ["skopeo", "inspect", "--tls-verify=false", *options, name]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def test_the_manifest_is_of_a_type_that_lambda_accepts(image: Image, pushed: str) -> None:
    manifest = inspect(pushed, "--raw")
    layers = manifest["layers"]
    record(image, manifest=manifest["mediaType"], compressed_bytes=sum(layer["size"] for layer in layers))
    assert manifest["mediaType"] in ACCEPTED
    assert {layer["mediaType"] for layer in layers} <= LAYERS


def test_the_manifest_is_no_index_and_carries_no_attestation(pushed: str) -> None:
    manifest = inspect(pushed, "--raw")
    assert not {"manifests", "subject", "artifactType"} & manifest.keys()
    assert "in-toto" not in json.dumps(manifest)


def test_the_image_is_for_the_one_platform_that_was_asked_for(image: Image, pushed: str) -> None:
    config = inspect(pushed, "--config")
    assert (config["os"], config["architecture"]) == ("linux", image.variant.architecture)
