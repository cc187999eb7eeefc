"""Baking from the hub: the real huggingface_hub against a server on this machine."""

import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.support.requirement import ROOT, require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers", "onnx", "huggingface_hub")

from agnews.model.checkpoint import FILES
from modeling.atomic_folder import KNOWN
from tests.support import tiny_checkpoint
from tests.support.command import download_model
from tests.support.hub_server import Hub, Repository, serving

OLD, NEW = "old/pickled", "new/safetensors"
CONFIG = '{"model_type": "distilbert", "num_labels": 4}'
FETCH = """
import sys
from pathlib import Path
from modeling import hub
hub.fetch(hub.resolve(*sys.argv[1:3]), Path(sys.argv[3]))
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("repositories")
    return {
        OLD: tiny_checkpoint.write_pickled(root / "old"),
        NEW: tiny_checkpoint.write_safetensors(root / "new", ["Business", "Sci-Tech", "sports", "WORLD"]),
    }


@pytest.fixture
def hub(folders: dict[str, Path]) -> Iterator[Hub]:
    with serving(
        {OLD: Repository(folders[OLD]), NEW: Repository(folders[NEW], "b" * 40, ("main", "refs/pr/2"))}
    ) as hub:
        yield hub


@pytest.fixture
def bake(hub: Hub, tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    """Runs download_model.py against the hub, with a hub cache and a target of the test's own."""

    def run(*arguments: str, before: Callable[[], None] | None = None, **extra: str) -> CompletedProcess[str]:
        settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf")} | extra
        return download_model(*arguments, "--target", tmp_path / "cache", extra=settings, before=before)

    return run


Bake = Callable[..., CompletedProcess[str]]


def manifest(tmp_path: Path) -> dict[str, object]:
    facts: dict[str, object] = json.loads((tmp_path / "cache" / "manifest.json").read_text())
    return facts


def test_an_older_repository_is_baked_for_both_engines(bake: Bake, tmp_path: Path) -> None:
    process = bake("--source", OLD)
    assert process.returncode == 0, process.stderr
    assert f"is commit {'a' * 40} (to pin it: --source {OLD}@{'a' * 40})" in process.stdout
    facts = manifest(tmp_path)
    assert (facts["source"], facts["revision"], facts["max_length"]) == (OLD, "a" * 40, 64)
    assert {path.name for path in (tmp_path / "cache").iterdir()} == KNOWN


def test_only_the_needed_files_are_downloaded(bake: Bake, hub: Hub, folders: dict[str, Path]) -> None:
    hub.repositories[OLD].lost = {"pytorch_model.bin"}
    bake("--source", OLD)
    got = [line.split()[1].rsplit("/", 1)[-1] for line in hub.requests if line.startswith('"GET') and "api" not in line]
    assert got == ["config.json", "config.json", "vocab.txt", "tokenizer_config.json"]  # the first time to judge it


def refuse(**changes: object) -> Callable[[Hub], None]:
    def change(hub: Hub) -> None:
        for name, value in changes.items():
            setattr(hub.repositories[OLD], name, value)

    return change


@pytest.mark.parametrize(
    ("change", "source", "messages"),
    [
        (refuse(), "no/such", ["no model 'no/such' (there is no folder no/such); check the spelling", "HF_TOKEN"]),
        (refuse(), "not an id", ["knows no model", "check the spelling"]),
        (refuse(), f"{OLD}@v9", ["no revision 'v9'", "name a commit, branch or tag"]),
        (refuse(gated=True), OLD, ["is gated", "accept its terms", "HF_TOKEN"]),
        (refuse(token="hf_secret"), OLD, ["knows no model", "HF_TOKEN if it is private"]),
        (refuse(status=403), OLD, ["HTTP 403", "check HF_TOKEN"]),
        (refuse(status=500), OLD, ["HTTP 500", "check the connection or the proxy", "--source DIR"]),
        (refuse(lost={"vocab.txt"}), OLD, ["vocab.txt", "HTTP 404", "--source DIR"]),
        (refuse(altered={"pytorch_model.bin"}), OLD, ["pytorch_model.bin", "hash", "run again"]),
        (refuse(altered={"config.json"}), OLD, ["config.json", "hash", "run again"]),
    ],
)
def test_each_refusal_names_its_remedy(
    bake: Bake, hub: Hub, tmp_path: Path, change: Callable[[Hub], None], source: str, messages: list[str]
) -> None:
    change(hub)
    process = bake("--source", source)
    assert process.returncode == 1
    assert [message for message in messages if message not in process.stderr] == []
    assert "Traceback" not in process.stderr
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("pytorch_model.bin", "has no model.safetensors or pytorch_model.bin (it holds config.json, "),
        ("config.json", "has no config.json"),
        ("vocab.txt", "has no tokenizer.json or vocab.txt"),
    ],
)
def test_a_repository_without_a_needed_file_is_refused(
    bake: Bake, hub: Hub, tmp_path: Path, missing: str, message: str
) -> None:
    folder = tmp_path / "partial"
    folder.mkdir()
    for name in {"config.json", "vocab.txt", "pytorch_model.bin"} - {missing}:
        (folder / name).write_text(CONFIG)
    hub.repositories[OLD].folder = folder
    process = bake("--source", OLD)
    assert process.returncode == 1
    assert message in process.stderr


def test_a_checkpoint_in_shards_is_refused(bake: Bake, hub: Hub, tmp_path: Path) -> None:
    folder = tmp_path / "sharded"
    folder.mkdir()
    for name in ("config.json", "vocab.txt", "model.safetensors.index.json", "model-00001-of-00002.safetensors"):
        (folder / name).write_text(CONFIG)
    hub.repositories[OLD].folder = folder
    assert "split into shards; save it as one file" in bake("--source", OLD).stderr


def test_no_network_names_the_connection_and_the_folder(bake: Bake) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but nobody listens
        process = bake("--source", OLD, HF_ENDPOINT=f"http://127.0.0.1:{closed.getsockname()[1]}")
    assert process.returncode == 1
    assert f"the proxy, or bake from a folder: --source DIR (there is no folder {OLD})" in process.stderr
    assert "Traceback" not in process.stderr


def test_offline_without_a_cached_copy_is_explained(bake: Bake) -> None:
    process = bake("--source", OLD, HF_HUB_OFFLINE="1")
    assert process.returncode == 1
    assert "HF_HUB_OFFLINE is set; unset it" in process.stderr


def test_a_server_that_is_no_hub_is_explained(bake: Bake, hub: Hub) -> None:
    process = bake("--source", OLD, HF_ENDPOINT=f"{hub.url}/lfs/{OLD}/vocab.txt?")
    assert process.returncode == 1
    assert f"cannot get {OLD} at main from {hub.url}" in process.stderr
    assert "check the connection or the proxy, or bake from a folder: --source DIR" in process.stderr
    assert "Traceback" not in process.stderr


def test_a_full_disk_is_explained(bake: Bake) -> None:
    limit = 20_000  # bytes: the weights have more
    process = bake("--source", OLD, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
    assert process.returncode == 1
    assert "free some, or set HF_HOME to a larger disk" in process.stderr


def test_a_broken_connection_is_resumed_and_an_altered_file_is_fetched_anew(
    bake: Bake, hub: Hub, tmp_path: Path
) -> None:
    source = f"{NEW}@refs/pr/2"
    hub.repositories[NEW].altered = {"model.safetensors"}
    assert bake("--source", source).returncode == 1
    hub.repositories[NEW].altered = set()
    hub.repositories[NEW].broken = {"model.safetensors"}
    hub.repositories[NEW].token = "hf_secret"
    process = bake("--source", source, "--engine", "onnx", HF_TOKEN="hf_secret")
    assert process.returncode == 0, process.stderr
    assert hub.repositories[NEW].broken == set()
    assert manifest(tmp_path)["revision"] == "b" * 40
    assert {path.name for path in (tmp_path / "cache").iterdir()} == {"manifest.json", *FILES["onnx"]}


def test_a_pinned_repository_once_cached_is_read_without_a_network(
    hub: Hub, folders: dict[str, Path], tmp_path: Path
) -> None:
    def fetched(revision: str, **extra: str) -> Path:
        (tmp_path / revision).mkdir()
        settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf")} | extra
        command = [sys.executable, "-c", FETCH, NEW, revision, str(tmp_path / revision)]
        subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=True, timeout=300)
        return tmp_path / revision

    fetched("main")
    requests = len(hub.requests)
    copy = fetched("b" * 40, HF_HUB_OFFLINE="1")
    assert len(hub.requests) == requests
    names = {"config.json", "tokenizer.json", "model.safetensors"}
    assert {path.name for path in copy.iterdir()} == names
    assert [name for name in names if (copy / name).read_bytes() != (folders[NEW] / name).read_bytes()] == []
