"""Read a baked checkpoint (model_cache/), and refuse one whose files are not exactly as they were baked."""

import hashlib
import json
import mmap
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

from agnews.errors import ModelError
from agnews.labels import label_problem
from agnews.settings import IN_WHEEL, TASK_ROOT, EngineName

FORMAT = 2
TEMPERATURES = (0.01, 100.0)
"""The range of temperatures that a fit can give. Beyond it, scores would be all 0 or 1, all alike or not finite."""
MAX_POSITIONS = 512
"""Positions of a DistilBERT, and so the most tokens in one text."""
MANIFEST = "manifest.json"
RULES = "tokenizer_rules.json"
"""tokenizer.json with the added tokens as its only words: how to clean and split a text and add [CLS] and [SEP]."""
VOCABULARY = "vocab.txt"
"""One word piece per line, in the order of their ids."""
TOKENIZER_CONFIG = "tokenizer_config.json"
"""Where transformers cuts a text and how it cleans one; baked with the `pipeline` engine's files, read by no engine."""

FILES: dict[EngineName, tuple[str, ...]] = {
    "onnx": ("model.onnx", "model.onnx.data", RULES, VOCABULARY),
    "pipeline": ("model.safetensors", "config.json", "tokenizer.json", RULES, VOCABULARY),
}
"""The files of each engine, all verified before it answers. Those of `pipeline` are also enough to bake it again."""

REPAIR_HINT = (
    "install the package again: pip install --force-reinstall --no-deps"
    if TASK_ROOT == IN_WHEEL
    else "run `python download_model.py --target FOLDER` to see what is wrong; "
    "in a clone, `git checkout model_cache` restores the embedded checkpoint"
)
"""The end of an error message about a checkpoint's files."""
LIMITS_HINT = "the files may be fine: the process got too little memory, or too few threads or files (ulimit -a)"
"""The end of an error message about what the system refused."""
REFUSALS = ("bad_alloc", "allocate", "Too many open files", "temporarily unavailable", "new thread", "pthread_create")
"""What the messages say if the system refuses memory, threads or files."""


def remedy(error: Exception) -> str:
    """Return what to do about an error that loading a checkpoint raised."""
    refused = isinstance(error, MemoryError) or any(words in str(error) for words in REFUSALS)
    return LIMITS_HINT if refused else REPAIR_HINT


class FileFacts(TypedDict):
    """A file's entry in the manifest."""

    sha256: str
    bytes: int


class Checkpoint(NamedTuple):
    """A baked checkpoint as described by its manifest."""

    folder: Path
    source: str
    revision: str
    labels: tuple[str, ...]
    """Index i is column i of the logits."""
    max_length: int
    """Tokens per text, [CLS] and [SEP] included."""
    temperature: float
    """Divides the logits before softmax (Guo et al. 2017); fitted on held-out rows."""
    files: dict[str, FileFacts]

    def path(self, name: str) -> Path:
        """Return the path of the file `name`."""
        return self.folder / name

    def engines(self) -> list[EngineName]:
        """Return the engines that this checkpoint was baked for."""
        return [engine for engine, names in FILES.items() if all(name in self.files for name in names)]


def read_checkpoint(folder: Path) -> Checkpoint:
    """Return the checkpoint in `folder` as its manifest describes it; the other files are not opened.

    Raises:
        ModelError: there is no manifest, it has another format, or its labels or numbers are invalid.
    """
    path = folder / MANIFEST
    try:
        check_regular(path)
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest_format = manifest["format"]
        checkpoint = _parse_manifest(folder, manifest)
    except OSError as error:
        if (folder / "config.json").is_file() and not path.exists() and not (folder / RULES).exists():
            raise ModelError(f"{folder} is not baked: python download_model.py --source {folder}") from error
        raise ModelError(f"cannot read {path} ({error.strerror}); {remedy(error)}") from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise ModelError(f"{path} is not a manifest ({type(error).__name__}: {error}); {REPAIR_HINT}") from error
    if manifest_format != FORMAT:
        raise ModelError(f"{path} has format {manifest_format!r:.40}, expected {FORMAT}; bake it again from its source")
    _check(path, checkpoint)
    return checkpoint


def _check(path: Path, checkpoint: Checkpoint) -> None:
    """Raise ModelError if the labels or the numbers of the manifest at `path` are invalid."""
    problem = label_problem(checkpoint.labels)
    if problem is not None:
        raise ModelError(f"{path} has invalid labels: {problem}; bake it again")
    lowest, highest = TEMPERATURES
    if not 3 <= checkpoint.max_length <= MAX_POSITIONS or not lowest <= checkpoint.temperature <= highest:
        raise ModelError(
            f"{path} needs a max_length of 3 to {MAX_POSITIONS} and a temperature of {lowest:g} to {highest:g}; "
            "bake it again"
        )


def _parse_manifest(folder: Path, manifest: dict[str, Any]) -> Checkpoint:
    if not isinstance(manifest["labels"], list):
        raise TypeError("'labels' is not a list")
    return Checkpoint(
        folder=folder,
        source=str(manifest["source"]),
        revision=str(manifest["revision"]),
        labels=tuple(manifest["labels"]),
        max_length=int(manifest["max_length"]),
        temperature=float(manifest["temperature"]),
        files={
            name: {"sha256": str(facts["sha256"]), "bytes": int(facts["bytes"])}
            for name, facts in manifest["files"].items()
        },
    )


def verify(checkpoint: Checkpoint, names: Iterable[str]) -> None:
    """Check that each of the named files has the size and sha256 of its manifest entry.

    Raises:
        ModelError: a file is missing, in the manifest or in the folder, or its content differs.
    """
    for name in names:
        if name not in checkpoint.files:
            raise ModelError(f"{checkpoint.folder} was baked without {name}; bake it again with --engine both")
        expected, path = checkpoint.files[name], checkpoint.path(name)
        try:
            check_regular(path)
            digest = sha256(path)
        except OSError as error:
            raise ModelError(f"cannot read {path} ({error.strerror}); {remedy(error)}") from error
        if digest != expected["sha256"]:
            size = path.stat().st_size
            detail = f"{size:,} bytes, expected {expected['bytes']:,}" if size != expected["bytes"] else "other content"
            raise ModelError(f"{path} is not the file that was baked ({detail}); {REPAIR_HINT}")


def check_regular(path: Path) -> None:
    """Raise ModelError for a pipe, a device or a folder, which have no end to read to. A missing file is no error."""
    if path.exists() and not path.is_file():
        raise ModelError(f"{path} is not a regular file; {REPAIR_HINT}")


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file as hexadecimal digits.

    The file is mapped and hashed in one call, which releases the GIL; read in parts, it would wait for it each time.
    """
    with path.open("rb") as content:
        if not path.stat().st_size:
            return hashlib.sha256().hexdigest()  # an empty file cannot be mapped
        with mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return hashlib.sha256(mapped).hexdigest()
