"""scripts/deploy.sh with a real builder and a real registry: what lies there is what Lambda takes."""

import json
import os
import shutil
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.aws_account import PATIENCE_S, Account
from tests.support.deploy_script import Deployed, deploy
from tests.support.registry import registry
from tests.support.requirement import AWS, ROOT, require

pytestmark = pytest.mark.image

BUILDAH = ROOT / "tests" / "support" / "stand_ins" / "buildah"
DOCKERFILE = """FROM scratch
ARG ENGINE
ARG MODEL
ARG ARCHITECTURE
LABEL engine=$ENGINE model=$MODEL architecture=$ARCHITECTURE
COPY handler.py /var/task/
"""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory, aws: Account) -> Iterator[tuple[Deployed, str]]:
    """A run from a folder with the script and a small Dockerfile, and the registry's address."""
    for tool in ("buildah", "docker-registry", "skopeo"):
        require(shutil.which(tool) is not None, tool, "apt-get install buildah docker-registry skopeo")
    folder = tmp_path_factory.mktemp("project")
    for name in ("scripts/deploy.sh", "examples/events/single.json", "handler.py"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    (folder / "Dockerfile").write_text(DOCKERFILE)
    path = os.pathsep.join([str(BUILDAH), str(AWS.parent), os.environ["PATH"]])
    storage = {"STORAGE": str(tmp_path_factory.mktemp("storage"))}
    with registry(tmp_path_factory.mktemp("registry")) as address:
        run = deploy(
            path,
            folder,
            script=folder / "scripts" / "deploy.sh",
            environment=aws.environment,
            REGISTRY=address,
            **storage,
        )
        yield run, address


def fetched(url: str, *accept: str) -> tuple[str, Any]:
    """Return the content type and the parsed body."""
    request = urllib.request.Request(url, headers={"Accept": ", ".join(accept)})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        return response.headers["Content-Type"], json.loads(response.read())


def test_the_run_ends_in_an_answer(deployed: tuple[Deployed, str]) -> None:
    assert deployed[0].code == 0, deployed[0].stderr
    assert json.loads(deployed[0].stdout)["label"] == "Business"


def test_the_function_runs_the_image_that_the_registry_holds(deployed: tuple[Deployed, str], aws: Account) -> None:
    uri = aws.client("lambda").get_function(FunctionName="agnews")["Code"]["ImageUri"]
    _, tags = fetched(f"http://{deployed[1]}/v2/agnews/tags/list")
    assert tags["tags"] == [uri.rpartition(":")[2]]


def test_the_registry_holds_one_image_for_one_platform_and_no_index(deployed: tuple[Deployed, str]) -> None:
    base = f"http://{deployed[1]}/v2/agnews"
    _, tags = fetched(f"{base}/tags/list")
    image = "application/vnd.docker.distribution.manifest.v2+json"
    index = "application/vnd.oci.image.index.v1+json"
    kind, manifest = fetched(f"{base}/manifests/{tags['tags'][0]}", image, index)
    _, config = fetched(f"{base}/blobs/{manifest['config']['digest']}")
    assert (kind, config["os"], config["architecture"]) == (image, "linux", "amd64")
    labels = {"engine": "onnx", "model": "embedded", "architecture": "x86_64"}
    assert config["config"]["Labels"].items() >= labels.items()
