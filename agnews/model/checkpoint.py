"""Reads model_cache/ and refuses it unless every byte is the one that was baked."""

import hashlib
import json
import math
import mmap
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, TypedDict

from agnews.errors import ModelError
from agnews.labels import LABELS
from agnews.settings import EngineName

FORMAT = 2
MOST_TOKENS = 512
"""Positions that a DistilBERT has."""
MANIFEST = "manifest.json"
RULES = "tokenizer_rules.json"
"""tokenizer.json with no words but the added tokens: how a text is cleaned, split and put between [CLS] and [SEP]."""
VOCABULARY = "vocab.txt"
"""A word piece per line, in the order of their ids."""

FILES: dict[EngineName, tuple[str, ...]] = {
    "onnx": ("model.onnx", "model.onnx.data", RULES, VOCABULARY),
    "pipeline": ("model.safetensors", "config.json", "tokenizer.json", RULES, VOCABULARY),
}
"""What each engine needs, the pipeline engine's for baking anew, too; all of it is verified before it answers."""

REMEDY = (
    "run `python download_model.py --target FOLDER` to see what is wrong; "
    "in a clone `git checkout model_cache` restores the embedded one"
)


class FileFacts(TypedDict):
    """One entry of the manifest's `files`."""

    sha256: str
    bytes: int


class Checkpoint(NamedTuple):
    """A baked checkpoint, as its manifest describes it."""

    folder: Path
    source: str
    revision: str
    max_length: int
    """Tokens per text, [CLS] and [SEP] included."""
    temperature: float
    """Logits are divided by it before softmax (Guo et al. 2017, fitted on held-out rows)."""
    files: dict[str, FileFacts]

    def path(self, name: str) -> Path:
        """Where the file `name` lies."""
        return self.folder / name

    def engines(self) -> list[EngineName]:
        """The engines that this checkpoint was baked for."""
        return [engine for engine, names in FILES.items() if all(name in self.files for name in names)]


def read_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint in `folder` by its manifest; the other files are not opened.

    Raises:
        ModelError: no manifest, one of another format, or other labels than LABELS in that order.
    """
    path = folder / MANIFEST
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
        found_format, labels = facts["format"], tuple(facts["labels"])
        checkpoint = Checkpoint(
            folder=folder,
            source=str(facts["source"]),
            revision=str(facts["revision"]),
            max_length=int(facts["max_length"]),
            temperature=float(facts["temperature"]),
            files={
                name: {"sha256": str(file["sha256"]), "bytes": int(file["bytes"])}
                for name, file in facts["files"].items()
            },
        )
    except OSError as error:
        raise ModelError(f"cannot read {path} ({error.strerror}); {REMEDY}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is not a manifest ({type(error).__name__}: {error}); {REMEDY}") from error
    if found_format != FORMAT:
        raise ModelError(
            f"{path} has format {found_format}, this version reads {FORMAT}; bake it again, from its source"
        )
    if labels != LABELS:
        raise ModelError(f"{path} has labels {labels}, expected {LABELS}; bake it again")
    if not 3 <= checkpoint.max_length <= MOST_TOKENS or not 0 < checkpoint.temperature < math.inf:
        raise ModelError(f"{path} needs max_length 3 to {MOST_TOKENS} and a finite temperature > 0; bake it again")
    return checkpoint


def verify(checkpoint: Checkpoint, names: Iterable[str]) -> None:
    """Returns if each file has its baked size and sha256.

    Raises:
        ModelError: a file is missing from the manifest or the folder, or holds other bytes.
    """
    for name in names:
        if name not in checkpoint.files:
            raise ModelError(f"{checkpoint.folder} was baked without {name}; bake it again with --engine both")
        expected, path = checkpoint.files[name], checkpoint.path(name)
        try:
            found = sha256(path)
        except OSError as error:
            raise ModelError(f"cannot read {path} ({error.strerror}); {REMEDY}") from error
        if found != expected["sha256"]:
            size = path.stat().st_size
            detail = f"{size:,} bytes, expected {expected['bytes']:,}" if size != expected["bytes"] else "other content"
            raise ModelError(f"{path} is not the file that was baked ({detail}); {REMEDY}")


def sha256(path: Path) -> str:
    """The hash of a file, made in one call that lets other threads run: in parts, it would wait for each of them."""
    with path.open("rb") as content:
        if not path.stat().st_size:
            return hashlib.sha256().hexdigest()  # nothing cannot be mapped
        with mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return hashlib.sha256(mapped).hexdigest()
