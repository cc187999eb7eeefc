import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from agnews.errors import ModelError
from agnews.model.checkpoint import (
    FILES,
    LIMITS_HINT,
    REPAIR_HINT,
    RULES,
    VOCABULARY,
    read_checkpoint,
    remedy,
    verify,
)
from agnews.model.classifier import load
from agnews.model.encode import Encoder, read_tokenizer
from agnews.model.engines.onnx import session
from agnews.settings import Settings

Edit = Callable[[dict[str, Any]], object]


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """A copy of the int8 engine's files in model_cache/, to damage."""
    copy = tmp_path / "model_cache"
    copy.mkdir()
    for name in (*FILES["onnx"], "manifest.json"):
        shutil.copyfile(settings.model_dir / name, copy / name)
    return copy


def edit_manifest(folder: Path, edit: Edit) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    edit(manifest)
    path.write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda manifest: manifest.update(format=99), "has format 99, expected 2"),
        (lambda manifest: manifest.update(format="2\x1e" + "x" * 99), r"has format '2\\x1ex{34}, expected 2"),
        (lambda manifest: manifest.update(labels="World"), "is not a manifest .TypeError: 'labels' is not a list"),
        (lambda manifest: manifest.update(labels=["World"]), "found 1 label, expected 2 to 100"),
        (lambda manifest: manifest["labels"].append("world "), "the label 'world ' appears twice"),
        (lambda manifest: manifest.pop("files"), "is not a manifest .KeyError: 'files'."),
        (lambda manifest: manifest.update(files=[]), "is not a manifest"),
        (lambda manifest: manifest.update(temperature=0), "a temperature of 0.01 to 100"),
        (lambda manifest: manifest.update(temperature=float("inf")), "a temperature of 0.01 to 100"),
        (lambda manifest: manifest.update(temperature=float("nan")), "a temperature of 0.01 to 100"),
        (lambda manifest: manifest.update(temperature=1e-300), "a temperature of 0.01 to 100"),
        (lambda manifest: manifest.update(temperature=10**400), "is not a manifest .OverflowError"),
        (lambda manifest: manifest.update(max_length=float("inf")), "is not a manifest .OverflowError"),
        (lambda manifest: manifest.update(max_length=float("nan")), "is not a manifest .ValueError"),
        (lambda manifest: manifest["files"]["vocab.txt"].update(bytes=float("inf")), "is not a manifest"),
        (lambda manifest: manifest.update(max_length=513), "max_length of 3 to 512"),
        (lambda manifest: manifest.update(temperature="warm"), "is not a manifest"),
        (lambda manifest: manifest.update(max_length=2), "max_length of 3 to 512"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused_with_what_was_found(folder: Path, edit: Edit, message: str) -> None:
    edit_manifest(folder, edit)
    with pytest.raises(ModelError, match=message):
        read_checkpoint(folder)


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"a":' * 100_000, b"", b"null", b"\xff", b"1" * 5000])
def test_a_manifest_of_any_content_is_refused_by_its_name(folder: Path, content: bytes) -> None:
    (folder / "manifest.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"manifest\.json is not a manifest"):
        load(Settings(model_dir=folder))


@pytest.mark.parametrize("name", [*FILES["onnx"], "manifest.json"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("/dev/zero")])
def test_only_regular_files_are_opened(folder: Path, name: str, make: Callable[[Path], object]) -> None:
    (folder / name).unlink()
    make(folder / name)
    with pytest.raises(ModelError, match=rf"{name} is not a regular file"):
        load(Settings(model_dir=folder))


@pytest.mark.parametrize("content", [b"", b"[PAD]\n[UNK]\n"])
def test_a_vocabulary_that_was_baked_without_its_special_tokens_is_refused(folder: Path, content: bytes) -> None:
    (folder / VOCABULARY).write_bytes(content)
    facts = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    edit_manifest(folder, lambda manifest: manifest["files"].update({VOCABULARY: facts}))
    with pytest.raises(ModelError, match=r"vocab\.txt lacks \[UNK\] in its place"):
        load(Settings(model_dir=folder))


def test_a_missing_folder_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"cannot read .*python download_model\.py"):
        read_checkpoint(tmp_path / "nowhere")


def test_a_checkpoint_that_was_not_baked_is_refused_with_the_command_that_bakes_it(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError) as refusal:
        read_checkpoint(tmp_path)
    assert str(refusal.value) == f"{tmp_path} is not baked: python download_model.py --source {tmp_path}"
    (tmp_path / RULES).touch()
    with pytest.raises(ModelError, match=r"cannot read .*manifest\.json"):
        read_checkpoint(tmp_path)


@pytest.mark.parametrize("name", FILES["onnx"])
def test_one_flipped_bit_is_found_before_an_answer(folder: Path, name: str) -> None:
    path = folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=rf"{name} is not the file that was baked .other content."):
        load(Settings(model_dir=folder))


@pytest.mark.parametrize("name", FILES["onnx"])
def test_a_cut_file_is_recognised_by_its_size(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"{}")
    with pytest.raises(ModelError, match=rf"{name} is not the file that was baked .2 bytes, expected "):
        load(Settings(model_dir=folder))


def test_an_empty_file_is_recognised_by_its_size(folder: Path) -> None:
    (folder / VOCABULARY).write_bytes(b"")
    with pytest.raises(ModelError, match=r"vocab\.txt is not the file that was baked .0 bytes, expected "):
        load(Settings(model_dir=folder))


@pytest.mark.parametrize("name", FILES["onnx"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=rf"cannot read .*{name}"):
        load(Settings(model_dir=folder))


def test_an_engine_that_was_not_baked_is_refused(folder: Path) -> None:
    edit_manifest(folder, lambda manifest: manifest["files"].pop("model.onnx"))
    with pytest.raises(ModelError, match=r"baked without model\.onnx"):
        verify(read_checkpoint(folder), FILES["onnx"])


@pytest.mark.parametrize("labels", [["World", "Sports"], list("abcde")])
def test_a_model_with_another_number_of_outputs_than_labels_is_refused(folder: Path, labels: list[str]) -> None:
    edit_manifest(folder, lambda manifest: manifest.update(labels=labels))
    with pytest.raises(ModelError, match=rf"has 4 outputs and manifest.json {len(labels)} labels"):
        load(Settings(model_dir=folder))


def test_the_labels_are_those_of_the_manifest(folder: Path) -> None:
    labels = ("Sci/Tech, Space", "=1+1", '"quoted"', "Öl ⚽")
    edit_manifest(folder, lambda manifest: manifest.update(labels=labels))
    assert load(Settings(model_dir=folder)).labels == labels


def test_a_file_that_is_no_model_is_refused_by_the_engine(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"no protobuf")
    with pytest.raises(ModelError, match=r"ONNX Runtime .* cannot load"):
        session(folder / "model.onnx")


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (MemoryError(), LIMITS_HINT),
        (OSError(errno.EMFILE, "Too many open files"), LIMITS_HINT),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), LIMITS_HINT),
        (RuntimeError("can't start new thread"), LIMITS_HINT),
        (ImportError("Exception caught: std::bad_alloc"), LIMITS_HINT),
        (OSError(errno.ENOENT, "No such file or directory"), REPAIR_HINT),
        (ValueError("Protobuf parsing failed"), REPAIR_HINT),
    ],
    ids=str,
)
def test_an_error_at_the_start_is_blamed_on_limits_or_on_the_files(error: Exception, hint: str) -> None:
    assert remedy(error) == hint


def test_an_engine_that_gets_too_little_memory_does_not_blame_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("agnews.model.classifier.Encoder", fail)
    with pytest.raises(ModelError, match=r"could not be loaded .*too little memory, or too few threads or files"):
        load(Settings())


@pytest.mark.parametrize(("name", "content"), [(RULES, b"{}"), (VOCABULARY, b"\xff\xfe")])
def test_a_file_that_is_no_tokenizer_is_refused_by_the_encoder(folder: Path, name: str, content: bytes) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=rf"cannot read {RULES} and {VOCABULARY} in .* \(.+\)"):
        Encoder(read_checkpoint(folder))


def test_rules_and_vocabulary_are_the_tokenizer_that_transformers_reads(settings: Settings) -> None:
    whole = Tokenizer.from_file(str(settings.model_dir / "tokenizer.json"))
    assert json.loads(read_tokenizer(settings.model_dir).to_str()) == json.loads(whole.to_str())
