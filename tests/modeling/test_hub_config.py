"""config.json from the hub by the standard library."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from modeling import hub_config
from modeling.errors import SourceError
from tests.support.hub_server import Hub, Repository, serving

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
    assert hub_config.fetch("own/tags", "main") is None
    (tmp_path / "token").write_text("hf_secret\n")
    assert hub_config.fetch("own/tags", "main") == {"model_type": "bert", "problem_type": "multi_label_classification"}
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    assert hub_config.fetch("own/tags", "main") is None


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
    hub_config.judge_hub("own/tags", "main")


def test_a_checkpoint_of_several_labels_per_text_is_refused_by_an_image_build(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setattr("sys.argv", ["hub_config", "own/tags@main", "onnx"])
    with pytest.raises(SystemExit, match="error: own/tags at main is for multi_label_classification"):
        hub_config.main()
    with pytest.raises(SourceError):
        hub_config.judge_hub("own/tags", "main", ["pipeline"])
