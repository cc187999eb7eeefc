"""config.json from the hub by the standard library."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError

import pytest

from modeling import hub_config
from modeling.errors import SourceError
from tests.support.hub_server import Hub, Repository, serving
from tests.support.requirement import ROOT

MULTI_LABEL = '{"model_type": "bert", "problem_type": "multi_label_classification"}'


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one private repository; HF_HOME has no token."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "config.json").write_text(MULTI_LABEL)
    with serving({"own/tags": Repository(folder, token="hf_secret")}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        yield hub


def test_a_saved_token_or_that_of_the_environment_is_sent(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(HTTPError):
        hub_config.fetch("own/tags", "main")
    (tmp_path / "token").write_text("hf_secret\n")
    assert hub_config.fetch("own/tags", "main") == {"model_type": "bert", "problem_type": "multi_label_classification"}
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    with pytest.raises(HTTPError):
        hub_config.fetch("own/tags", "main")


def test_nothing_is_asked_for_offline(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert hub_config.fetch("own/tags", "main") is None
    assert hub.requests == []


@pytest.mark.parametrize("content", ["[]", "{", ""])
def test_what_is_no_configuration_is_left_to_the_download(
    content: str, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    (hub.repositories["own/tags"].folder / "config.json").write_text(content)
    assert hub_config.judge_hub("own/tags", "main") is None


def test_without_the_hubs_packages_a_mistyped_folder_and_the_hubs_answer_are_named(hub: Hub, tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['torch', 'httpx2', 'huggingface_hub'])); "
        "import download_model; sys.exit(download_model.main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "--source", "runs/mime", "--target", str(tmp_path / "cache")]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound, but nobody listens
        nobody = f"http://127.0.0.1:{closed.getsockname()[1]}"
        for endpoint, reason in ((hub.url, "HTTP Error 401"), (nobody, "Connection refused")):
            environment = os.environ | {"HF_ENDPOINT": endpoint}
            done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 1
            assert f"error: cannot get runs/mime at main from {endpoint} (" in done.stderr
            assert reason in done.stderr
            assert "there is no folder runs/mime; check the spelling" in done.stderr


def test_a_checkpoint_of_several_labels_per_text_is_refused_by_an_image_build(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setattr("sys.argv", ["hub_config", "own/tags@main", "onnx"])
    with pytest.raises(SystemExit, match="error: own/tags at main is for multi_label_classification"):
        hub_config.main()
    with pytest.raises(SourceError):
        hub_config.judge_hub("own/tags", "main", ["pipeline"])
