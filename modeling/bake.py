"""Bake model_cache/: write files for the chosen engines and their manifest, or nothing at all.

A bake is refused where the int8 model and the torch reference disagree; see `gate`.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save_file
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import DistilBertConfig, DistilBertForSequenceClassification
from transformers.utils import logging

from agnews.labels import LABELS
from agnews.model.checkpoint import FILES, FORMAT, MANIFEST, FileFacts, read_checkpoint, sha256, verify
from agnews.model.classifier import load
from agnews.model.engines.onnx import run_each, session
from agnews.settings import EngineName, Settings
from modeling import distilbert
from modeling.atomic_folder import staging
from modeling.errors import BakeError, SourceError
from modeling.export import export
from modeling.graph import save
from modeling.headlines import headlines
from modeling.tokens import write_config, write_split

PARITY_TEXTS = 1000
"""Generated headlines that every int8 model is compared on."""
CALIBRATION_TEXTS = 256
LEAST_EQUAL = 0.99
"""Share of headlines that must get the reference's label (8-bit dynamic models reach 0.99, broken ones 0.9)."""
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
    """The user's headlines, on which the int8 model is compared as well as on the generated ones."""


@dataclass(frozen=True)
class Origin:
    """Where a checkpoint comes from, as its manifest names it."""

    source: str
    revision: str


@dataclass(frozen=True)
class Agreement:
    """How two engines agree on the same texts."""

    texts: int
    equal_labels: float
    """Share of texts that get the same label, 0 to 1."""
    mean_difference: float
    """Mean absolute difference of logits."""
    largest_difference: float


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
        reference = distilbert.read(folder)
        max_length = _max_length(choices, facts, reference.model.config)
        reference.tokenizer.enable_truncation(max_length)
        manifest = _description(origin, choices, facts, max_length)
        write_split(reference.tokenizer, new)
        if "onnx" in choices.engines:
            manifest["parity"] = _write_onnx(reference, max_length, choices.texts, new / "model.onnx")
        if "pipeline" in choices.engines:
            _write_pipeline(reference, new)
            write_config(reference.tokenizer, max_length, new)
        manifest["files"] = {path.name: file_facts(path) for path in sorted(new.iterdir())}
        (new / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        _try_out(new, choices.engines)
    return manifest


def _description(origin: Origin, choices: Choices, facts: Facts, max_length: int) -> Facts:
    """Return a manifest without measurements. Metrics belong to the temperature that they were measured with."""
    inherits = choices.temperature is None
    return {
        "format": FORMAT,
        "source": origin.source,
        "revision": origin.revision,
        "labels": list(LABELS),
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
    digest = sha256(distilbert.weights_file(folder))
    return Origin(name or folder.resolve().name, f"sha256:{digest[:16]}")


def file_facts(path: Path) -> FileFacts:
    """Return the file's size and hash, for a manifest."""
    return {"sha256": sha256(path), "bytes": path.stat().st_size}


def _max_length(choices: Choices, facts: Facts, config: DistilBertConfig) -> int:
    positions = int(config.max_position_embeddings)
    length = facts.get("max_length") if choices.max_length is None else choices.max_length
    if length is None:
        return min(DEFAULT_LENGTH, positions)
    if not 3 <= length <= positions:
        raise BakeError(f"a maximum length of {length} does not fit; choose 3 to the model's {positions} positions")
    return int(length)


def _write_onnx(
    reference: distilbert.Reference, max_length: int, texts: Sequence[str], path: Path
) -> Mapping[str, Facts]:
    """Write the int8 model and return how it agrees with the reference. Raises BakeError."""
    tokenizer = reference.tokenizer
    calibration = token_ids(tokenizer, headlines(CALIBRATION_TEXTS, seed=1))
    try:
        save(export(reference.model, max_length, calibration), path)
    except ValueError as error:
        raise BakeError(f"this checkpoint cannot be exported ({error}); bake it with --engine pipeline") from error
    parity = {"generated": gate(reference, path, headlines(PARITY_TEXTS), "generated headlines")}
    if texts:
        parity["given"] = gate(reference, path, texts, "headlines of --headlines")
    return {name: asdict(agreement) for name, agreement in parity.items()}


def gate(reference: distilbert.Reference, path: Path, texts: Sequence[str], kind: str) -> Agreement:
    """Return how the ONNX model agrees with the reference on `texts`. Raises BakeError below LEAST_EQUAL."""
    agreement = compare(reference.model, path, token_ids(reference.tokenizer, texts))
    if not agreement.equal_labels >= LEAST_EQUAL:
        raise BakeError(
            f"the int8 model gives {agreement.equal_labels:.1%} of {len(texts):,} {kind} the label that torch gives, "
            f"and at least {LEAST_EQUAL:.0%} are needed; nothing was written. Bake this checkpoint with "
            "--engine pipeline"
        )
    return agreement


def token_ids(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Return each text's token ids, truncated as the tokenizer is set to."""
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]


def _write_pipeline(reference: distilbert.Reference, folder: Path) -> None:
    """Write tokenizer.json, config.json and float16 weights, which save_pretrained would let only their owner read."""
    reference.tokenizer.save(str(folder / "tokenizer.json"))
    model = reference.model
    weights = {name: value.half().contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    model.config.dtype = torch.float16
    (folder / "config.json").write_text(model.config.to_json_string(), encoding="utf-8")


def _try_out(folder: Path, engines: Sequence[EngineName]) -> None:
    """Load the baked folder with each engine and classify a text, as the handler will."""
    for engine in engines:
        load(Settings(engine=engine, model_dir=folder)).classify(["Oil prices rise as traders await the vote"])


def compare(model: DistilBertForSequenceClassification, onnx_path: Path, ids: Sequence[list[int]]) -> Agreement:
    """Return the agreement of `onnx_path` with `model` on texts given as token ids, each alone in its run."""
    expected = reference_logits(model, ids)
    logits = run_each(session(onnx_path), ids)
    difference = np.abs(logits - expected)
    return Agreement(
        texts=len(ids),
        equal_labels=float((logits.argmax(1) == expected.argmax(1)).mean()),
        mean_difference=float(difference.mean()),
        largest_difference=float(difference.max()),
    )


@torch.inference_mode()
def reference_logits(model: DistilBertForSequenceClassification, ids: Sequence[list[int]]) -> NDArray[np.float32]:
    """Return float32 logits [len(ids), 4] by torch, each text alone in its run, so that no padding is involved."""
    bar = tqdm(ids, "comparing with torch", unit=" texts", disable=None, leave=False)  # None: shown on a terminal only
    rows = [model(input_ids=torch.tensor([row])).logits for row in bar]
    logits: NDArray[np.float32] = torch.cat(rows).numpy()
    return logits
