"""What a registry gets of the image is what Lambda takes: one platform, no index, no attestations."""

import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.buildah import buildah
from tests.free_port import free_port
from tests.images import VARIANTS, Image, Variant, built, record

pytestmark = pytest.mark.image

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
OCI = "application/vnd.oci.image.manifest.v1+json"
ACCEPTED = {DOCKER, OCI}
"""What Lambda reads; of an index it says "image manifest media type is not supported"."""
LAYERS = {"application/vnd.docker.image.rootfs.diff.tar.gzip", "application/vnd.oci.image.layer.v1.tar+gzip"}
PATIENCE_S = 30


@pytest.fixture(scope="module", params=[variant for variant in VARIANTS if variant.id != "pipeline"])
def image(request: pytest.FixtureRequest) -> Image:
    variant = request.param
    assert isinstance(variant, Variant)
    return built(variant)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running, empty registry."""
    folder = tmp_path_factory.mktemp("registry")
    address = f"127.0.0.1:{free_port()}"
    settings = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": address},
    }
    (folder / "settings.yml").write_text(json.dumps(settings))  # JSON is YAML, too
    with (
        (folder / "log.txt").open("wb") as log,
        subprocess.Popen(["docker-registry", "serve", folder / "settings.yml"], stdout=log, stderr=log) as process,
    ):
        try:
            wait_for(f"http://{address}/v2/")
            yield address
        finally:
            process.terminate()


def wait_for(url: str) -> None:
    """Returns when `url` answers."""
    end = time.monotonic() + PATIENCE_S
    while True:
        try:
            urllib.request.urlopen(url).close()
            return
        except OSError:
            assert time.monotonic() < end, f"{url} does not answer"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def pushed(image: Image, registry: str) -> str:
    """The image's name in the registry."""
    name = f"docker://{registry}/agnews:{image.variant.architecture}"
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
