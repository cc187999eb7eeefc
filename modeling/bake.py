"""Bake model_cache/: write files for the chosen engines and their manifest, or nothing at all.

A bake is refused where the int8 model and the torch reference disagree; see modeling.parity.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import PreTrainedConfig
from transformers.utils import logging

from agnews.labels import LABELS
from agnews.model.checkpoint import FILES, FORMAT, MANIFEST, MAX_POSITIONS, FileFacts, read_checkpoint, sha256, verify
from agnews.model.classifier import load
from agnews.settings import EngineName, Settings
from modeling import reference
from modeling.atomic_folder import staging
from modeling.config import weights_file
from modeling.errors import BakeError, SourceError
from modeling.export import export
from modeling.graph import save
from modeling.headlines import headlines
from modeling.parity import GENERATED, gate, token_ids
from modeling.tokens import write_config, write_split

PARITY_TEXTS = 1000
"""Generated headlines that an int8 model is compared on."""
LEAST_GIVEN = 100
"""Different headlines of the user's that are needed for them alone to decide."""
CALIBRATION_TEXTS = 256
DEFAULT_LENGTH = 128
PACKAGES = ("torch", "transformers", "tokenizers", "onnx", "onnxruntime")

Facts = dict[str, Any]
"""A manifest, or part of one."""


@dataclass(frozen=True)
class Choices:
    """What the user can choose. None: as the source's manifest says, else the default."""

    engines: tuple[EngineName, ...] = ("onnx", "pipeline")
    max_length: int | None = None
    temperature: float | None = None
    texts: tuple[str, ...] = ()
    """The user's headlines, on which the int8 model is compared.

    With labels of one's own and LEAST_GIVEN different texts, on nothing else.
    """
    labels: tuple[str, ...] | None = None
    """What the outputs mean, in their order. None: as config.json says."""


@dataclass(frozen=True)
class Origin:
    """Where a checkpoint comes from, as its manifest names it."""

    source: str
    revision: str


def bake(folder: Path, target: Path, origin: Origin, choices: Choices) -> Facts:
    """Bake the checkpoint of `folder` into `target` and return the manifest.

    Raises:
        SourceError, ModelError: `folder` holds no checkpoint that can be baked, or a damaged one.
        BakeError: the int8 model is too different, or `target` cannot be replaced.
    """
    logging.disable_progress_bar()
    facts = inherited(folder)
    if (folder / MANIFEST).exists():
        verify(read_checkpoint(folder), FILES["pipeline"])
    with staging(target) as new:
        source = reference.read(folder, choices.engines, choices.labels)
        max_length = _max_length(choices, facts, source.model.config)
        source.tokenizer.enable_truncation(max_length)
        manifest = _description(origin, choices, facts, source.labels, max_length)
        write_split(source.tokenizer, new)
        if "onnx" in choices.engines:
            manifest["parity"] = _write_onnx(source, max_length, choices.texts, new / "model.onnx")
        if "pipeline" in choices.engines:
            _write_pipeline(source, new)
            write_config(source.tokenizer, source.model.config.model_type, max_length, new)
        manifest["files"] = {path.name: file_facts(path) for path in sorted(new.iterdir())}
        (new / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        _try_out(new, choices.engines)
    return manifest


def _description(origin: Origin, choices: Choices, facts: Facts, labels: Sequence[str], max_length: int) -> Facts:
    """Return a manifest without measurements. Metrics belong to the temperature that they were measured with."""
    inherits = choices.temperature is None
    return {
        "format": FORMAT,
        "source": origin.source,
        "revision": origin.revision,
        "labels": list(labels),
        "max_length": max_length,
        "temperature": facts.get("temperature", 1.0) if inherits else choices.temperature,
        "metrics": facts.get("metrics") if inherits else None,
        "parity": None,
        "versions": {name: version(name) for name in PACKAGES},
    }


def inherited(folder: Path) -> Facts:
    """Return what a source folder's manifest.json or metrics.json says: metrics, temperature, maximum length.

    Raises:
        SourceError: one of them is there and not usable.
    """
    known: Facts = {}
    for name in ("metrics.json", MANIFEST):
        path = folder / name
        if path.exists():
            try:
                facts = json.loads(path.read_text(encoding="utf-8"))
                temperature = float(facts.get("temperature", 1.0))
                length = int(facts.get("max_length", 0)) or None
            except (OSError, ValueError, TypeError, AttributeError) as error:
                raise SourceError(f"{path} is not usable ({error}); correct or remove it") from error
            if not 0 < temperature < math.inf:
                raise SourceError(f"{path} has temperature {temperature}; expected a number above 0")
            known |= {"metrics": facts} if name != MANIFEST else facts
            known |= {"temperature": temperature, "max_length": length}
    return known


def origin_of(folder: Path, name: str | None) -> Origin:
    """Return the origin in the folder's manifest, unless `name` is given; otherwise a name and the weights' hash."""
    facts = inherited(folder)
    if name is None and "source" in facts and "revision" in facts:
        return Origin(str(facts["source"]), str(facts["revision"]))
    digest = sha256(weights_file(folder))
    return Origin(name or folder.resolve().name, f"sha256:{digest[:16]}")


def file_facts(path: Path) -> FileFacts:
    """Return the file's size and hash, for a manifest."""
    return {"sha256": sha256(path), "bytes": path.stat().st_size}


def _max_length(choices: Choices, facts: Facts, config: PreTrainedConfig) -> int:
    positions = min(int(config.max_position_embeddings), MAX_POSITIONS)
    length = facts.get("max_length") if choices.max_length is None else choices.max_length
    if length is None:
        return min(DEFAULT_LENGTH, positions)
    if not 3 <= length <= positions:
        raise BakeError(f"a maximum length of {length} does not fit; choose 3 to the model's {positions} positions")
    return int(length)


def _write_onnx(source: reference.Reference, max_length: int, texts: Sequence[str], path: Path) -> Mapping[str, Facts]:
    """Write the int8 model and return how it agrees with the reference. Raises BakeError."""
    calibration = token_ids(source.tokenizer, _calibration_texts(source.labels, texts))
    try:
        save(export(source.model, max_length, calibration), path)
    except ValueError as error:
        raise BakeError(f"this checkpoint cannot be exported ({error}); bake it with --engine pipeline") from error
    parity = {}
    if source.labels == LABELS or len(set(texts)) < LEAST_GIVEN:
        parity["generated"] = gate(source, path, headlines(PARITY_TEXTS), GENERATED)
    if texts:
        parity["given"] = gate(source, path, texts, "headlines of --headlines")
    return {name: asdict(agreement) for name, agreement in parity.items()}


def _calibration_texts(labels: Sequence[str], texts: Sequence[str]) -> Sequence[str]:
    """Return generated headlines. With labels of one's own, the given texts, as far as there are any, come first."""
    generated = headlines(CALIBRATION_TEXTS, seed=1)
    if labels == LABELS:
        return generated
    spread = texts[:: max(1, len(texts) // CALIBRATION_TEXTS)]
    return [*spread, *generated][:CALIBRATION_TEXTS]


def _write_pipeline(source: reference.Reference, folder: Path) -> None:
    """Write tokenizer.json, config.json and float16 weights, which save_pretrained would let only their owner read."""
    source.tokenizer.save(str(folder / "tokenizer.json"))
    model = source.model
    weights = {name: value.half().contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    model.config.dtype = torch.float16
    (folder / "config.json").write_text(model.config.to_json_string(), encoding="utf-8")


def _try_out(folder: Path, engines: Sequence[EngineName]) -> None:
    """Load the baked folder with each engine and classify a text, as the handler will."""
    for engine in engines:
        load(Settings(engine=engine, model_dir=folder)).classify(["Oil prices rise as traders await the vote"])
