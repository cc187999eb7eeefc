"""Read a DistilBERT AG News checkpoint from a folder, and refuse anything else.

Nothing is unpickled: safetensors, or `torch.load(weights_only=True)` where there is nothing else.
"""

import json
import pickle  # nosec B403 # for the name of an exception
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import DistilBertConfig, DistilBertForSequenceClassification

from agnews.labels import LABELS
from modeling.errors import SourceError
from modeling.tokens import read_tokenizer

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""By preference: safetensors cannot hold anything but numbers."""

ARCHITECTURE = "DistilBertForSequenceClassification"

NAMES: dict[str, str] = {
    "world": "World",
    "sports": "Sports",
    "sport": "Sports",
    "business": "Business",
    "scitech": "Sci/Tech",
    "sciencetech": "Sci/Tech",
    "sciencetechnology": "Sci/Tech",
    "scienceandtechnology": "Sci/Tech",
    "technology": "Sci/Tech",
}
"""Letters of a label's name, lower case, to the topic. "Technology" is safe only because all four must be there."""

_BUFFER = "distilbert.embeddings.position_ids"
"""0, 1, 2, …: saved by transformers 4, computed by 5."""


@dataclass(frozen=True)
class Reference:
    """What every baked form is compared with."""

    model: DistilBertForSequenceClassification
    """Float32, in evaluation mode; each weight is a float16 number, so that all engines hold the same ones."""
    tokenizer: Tokenizer
    """Neither pads nor truncates."""


def read(folder: Path) -> Reference:
    """Return the model, its outputs in LABELS' order, and its tokenizer.

    Raises:
        SourceError: the folder holds no such checkpoint, or one of another architecture or of other topics.
    """
    config = _config(folder)
    order = label_order({int(key): str(name) for key, name in (config.id2label or {}).items()}, folder)
    weights = _rounded(_weights(folder), folder)
    for name in ("classifier.weight", "classifier.bias"):
        if name in weights and len(weights[name]) == len(order):
            weights[name] = weights[name][order].clone()
    config.id2label = {index: str(label) for index, label in enumerate(LABELS)}
    config.label2id = {str(label): index for index, label in enumerate(LABELS)}
    return Reference(_filled(config, weights, folder), read_tokenizer(folder, config.vocab_size))


def _config(folder: Path) -> DistilBertConfig:
    path = folder / "config.json"
    try:
        facts = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise SourceError(
            f"cannot read {path}; expected a folder as transformers' save_pretrained writes it"
        ) from error
    names = facts.get("architectures") or [facts.get("model_type", "no model_type")]
    if names not in ([ARCHITECTURE], ["distilbert"]) or facts.get("model_type", "distilbert") != "distilbert":
        raise SourceError(f"{path} describes {names[0]}; expected {ARCHITECTURE}")
    if facts.get("problem_type") not in (None, "single_label_classification"):
        raise SourceError(f"{path} is for {facts['problem_type']}; expected one topic per text")
    try:
        return DistilBertConfig.from_dict(facts | {"architectures": [ARCHITECTURE]})
    except Exception as error:  # strict configurations raise a class of huggingface_hub's own
        raise SourceError(f"{path} is not a DistilBERT configuration ({_line(error)}); correct it") from error


def label_order(id2label: Mapping[int, str], folder: Path) -> list[int]:
    """Return, for each of LABELS, the output that computes it.

    LABEL_0…3, transformers' placeholders, mean AG News' own order. Other names are matched by their letters.

    Raises:
        SourceError: the outputs are not these four topics, each once.
    """
    names = ["".join(filter(str.isalnum, id2label[index].lower())) for index in sorted(id2label)]
    if names == [f"label{index}" for index in range(len(LABELS))]:
        return list(range(len(LABELS)))
    topics = [NAMES.get(name) for name in names]
    if sorted(map(str, topics)) != sorted(LABELS):
        label_names = ", ".join(str(id2label[index])[:30] for index in sorted(id2label)[:8])
        raise SourceError(
            f"{folder / 'config.json'} has {len(names)} labels ({label_names}); expected {', '.join(LABELS)} or "
            "LABEL_0 to LABEL_3. If they mean these topics, name them so in id2label; else choose an AG News checkpoint"
        )
    return [topics.index(label) for label in LABELS]


def weights_file(folder: Path) -> Path:
    """Return the file that holds the weights. Raises SourceError where there is none."""
    for name in WEIGHTS:
        if (folder / name).exists():
            return folder / name
    is_split = any(folder.glob("*.index.json"))
    advice = "it is split into shards, save it as one file" if is_split else "save the model with save_pretrained"
    raise SourceError(f"{folder} has no {' or '.join(WEIGHTS)}; {advice}")


def _weights(folder: Path) -> dict[str, Tensor]:
    path = weights_file(folder)
    is_safe = path.suffix == ".safetensors"
    try:
        weights = load_file(path) if is_safe else torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise SourceError(
            f"{path} holds more than numbers, and unpickling could run its code; save it as safetensors"
        ) from error
    except (SafetensorError, OSError, RuntimeError, EOFError, ValueError) as error:
        raise SourceError(f"{path} is damaged ({_line(error)}); fetch or save it again") from error
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        raise SourceError(f"{path} is not a state_dict; save the model with save_pretrained")
    return weights


def _rounded(weights: Mapping[str, Tensor], folder: Path) -> dict[str, Tensor]:
    """Return float32 weights, each a float16 number. Raises SourceError for one that is not finite in float16."""
    rounded = {name: value.half().float() for name, value in weights.items() if name != _BUFFER}
    for name, value in rounded.items():
        if not torch.isfinite(value).all():
            raise SourceError(f"{folder}: {name} holds NaN or numbers beyond float16's 65,504; train it again")
    return rounded


def _filled(
    config: DistilBertConfig, weights: Mapping[str, Tensor], folder: Path
) -> DistilBertForSequenceClassification:
    try:
        model: DistilBertForSequenceClassification = DistilBertForSequenceClassification(config)
        missing, unexpected = model.load_state_dict(weights, strict=False)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:  # shapes, n_heads, an unknown activation
        raise SourceError(f"{folder}: config.json and weights do not fit ({_line(error)}); correct one") from error
    for names, fault in ((missing, "lacks"), (unexpected, "has, beyond a DistilBERT classifier's,")):
        if names:
            raise SourceError(f"{folder} {fault} {len(names)} weights ({', '.join(names[:3])}, …); save it again")
    model.eval()
    return model


def _line(error: Exception) -> str:
    """Return the error in one line of at most 200 characters."""
    return " ".join(str(error).split())[:200] or type(error).__name__
