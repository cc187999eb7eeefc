"""Builds that are refused, and one of a hub's checkpoint."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agnews.model.checkpoint import read_checkpoint
from tests.support.buildah import build, facts, mounted
from tests.support.hub_server import Hub, Repository, serving
from tests.support.images import Variant, built, task
from tests.support.sandbox import started
from tests.support.stand_in import require_tools, stand_in

pytestmark = pytest.mark.image

COMMIT = "b" * 40
MODEL = f"new/safetensors@{COMMIT}"


@pytest.mark.parametrize(
    ("argument", "value", "message"),
    [
        ("ENGINE", "onxx", "--build-arg ENGINE=onxx is unknown; choose onnx or pipeline"),
        ("MODEL", "owner/name", "--build-arg MODEL=owner/name is neither embedded nor OWNER/NAME@REVISION"),
        ("ARCHITECTURE", "arm64", "the function is arm64, this image is amd64"),
        ("TARGETARCH", "arm64", "the base image is amd64, the platform is linux/arm64"),
    ],
)
def test_a_build_that_lambda_could_not_run_ends_with_a_message(argument: str, value: str, message: str) -> None:
    built(Variant("onnx"))
    done = build("localhost/agnews:refused", "linux/amd64", **{argument: value})
    assert done.returncode != 0
    assert f"error: {message}" in done.stdout


def test_a_build_for_the_functions_own_architecture_is_not_refused_and_installs_no_packages_anew() -> None:
    built(Variant("onnx"))
    done = build("localhost/agnews:onnx-x86_64", "linux/amd64", ARCHITECTURE="x86_64")
    assert (done.returncode, done.stdout.count("Successfully installed")) == (0, 0), done.stdout


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    from tests.support import tiny_checkpoint  # torch: not where the other tests are collected

    folder = tiny_checkpoint.write_safetensors(tmp_path_factory.mktemp("repositories") / "new")
    with serving({"new/safetensors": Repository(folder, COMMIT)}) as hub:
        yield hub


def test_a_hub_checkpoint_is_baked_during_the_build_and_leaves_no_torch_behind(hub: Hub, tmp_path: Path) -> None:
    require_tools()
    base = stand_in("3.11")
    name = "localhost/agnews:hub"
    done = build(name, "linux/amd64", BASE=base, MODEL=MODEL, HF_ENDPOINT=hub.url)
    assert done.returncode == 0, done.stdout
    held = task(mounted(name))
    checkpoint = read_checkpoint(held / "model_cache")
    assert (checkpoint.source, checkpoint.revision) == ("new/safetensors", COMMIT)
    assert {path.name for path in held.iterdir()} & {"torch", "transformers", "onnx"} == set()
    assert facts(name)["config"]["Labels"]["agnews.model"] == MODEL
    with started(name, tmp_path / "log.txt") as sandbox:
        assert sandbox.post('{"text": "Goal"}')["label"] is not None
