"""Read a checkpoint that can be baked from a folder, and refuse anything else.

Nothing is unpickled: safetensors, or `torch.load(weights_only=True)` where there is nothing else.
"""

import pickle  # nosec B403 # for the name of an exception
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING,
    PreTrainedConfig,
    PreTrainedModel,
)

from agnews.settings import EngineName
from modeling.config import NAME, Judged, judge_folder, names_of, weights_file
from modeling.errors import SourceError
from modeling.tokens import read_tokenizer

_BUFFER = ".embeddings.position_ids"
"""0, 1, 2, …: saved by transformers 4, computed by 5."""
_HEADS = {"electra": "classifier.out_proj"}
"""The layer that computes the outputs, where it is not `classifier`."""


@dataclass(frozen=True)
class Reference:
    """What every baked form is compared with."""

    model: PreTrainedModel
    """Float32, in evaluation mode; each weight is a float16 number, so that all engines hold the same ones."""
    tokenizer: Tokenizer
    """Neither pads nor truncates."""
    labels: tuple[str, ...]
    """What the outputs mean, in their order."""


def read(folder: Path, engines: Sequence[EngineName] = ("pipeline",), labels: Sequence[str] | None = None) -> Reference:
    """Return the model, its outputs in the labels' order, and its tokenizer. `labels`: the outputs' names, if given.

    Raises:
        SourceError: the folder holds no checkpoint that `engines` can compute.
    """
    judged = judge_folder(folder, engines, labels)
    config = _config(judged, folder)
    weights = _rounded(_weights(folder), folder)
    for kind in ("weight", "bias"):
        name = f"{_HEADS.get(judged.model_type, 'classifier')}.{kind}"
        if name in weights and len(weights[name]) == len(judged.order):
            weights[name] = weights[name][list(judged.order)].clone()
    return Reference(_filled(config, weights, folder), read_tokenizer(folder, config.vocab_size), judged.labels)


def labels_of(model: PreTrainedModel) -> tuple[str, ...]:
    """Return what the outputs of `model` mean, in their order."""
    names = {int(index): str(name) for index, name in (model.config.id2label or {}).items()}
    return tuple(names[index] for index in sorted(names))


def _config(judged: Judged, folder: Path) -> PreTrainedConfig:
    try:
        config: PreTrainedConfig = CONFIG_MAPPING[judged.model_type].from_dict(
            judged.facts | {"architectures": [judged.architecture]}
        )
    except Exception as error:  # strict configurations raise a class of huggingface_hub's own
        raise SourceError(
            f"{folder / NAME} is no configuration of a {judged.architecture} ({_line(error)}); correct it"
        ) from error
    for name, value in names_of(judged.labels).items():
        setattr(config, name, value)
    return config


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
    rounded = {name: value.half().float() for name, value in weights.items() if not name.endswith(_BUFFER)}
    for name, value in rounded.items():
        if not torch.isfinite(value).all():
            raise SourceError(f"{folder}: {name} holds NaN or numbers beyond float16's 65,504; train it again")
    return rounded


def _filled(config: PreTrainedConfig, weights: Mapping[str, Tensor], folder: Path) -> PreTrainedModel:
    try:
        model_class: Any = MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING[type(config)]
        model: PreTrainedModel = model_class(config)
        missing, unexpected = model.load_state_dict(weights, strict=False)
    except (RuntimeError, ValueError, KeyError, TypeError) as error:  # shapes, n_heads, an unknown activation
        raise SourceError(f"{folder}: config.json and weights do not fit ({_line(error)}); correct one") from error
    for names, fault in ((missing, "lacks"), (unexpected, f"has, beyond a {type(model).__name__}'s,")):
        if names:
            raise SourceError(f"{folder} {fault} {len(names)} weights ({', '.join(names[:3])}, …); save it again")
    model.eval()
    return model


def _line(error: Exception) -> str:
    """Return the error in one line of at most 200 characters."""
    return " ".join(str(error).split())[:200] or type(error).__name__
