"""Tiny BERT and ELECTRA classifiers (2 layers, width 32) with labels of their own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    PreTrainedModel,
)

from modeling.config import names_of
from tests.support.tiny_checkpoint import POSITIONS, teach, vocabulary

SIZES: dict[str, Any] = {"num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64, "hidden_size": 32}


def write_bert(folder: Path, labels: Sequence[str], lower: bool = True, taught: bool = True) -> Path:
    """Write a BERT classifier of `labels`, whose token types and pooler matter, and return the folder."""
    words = vocabulary(lower)
    torch.manual_seed(4)
    config = BertConfig(
        vocab_size=len(words),
        max_position_embeddings=POSITIONS,
        initializer_range=0.1,
        layer_norm_eps=1e-6,
        **SIZES,
        **names_of(labels),
    )
    return _written(folder, words, BertForSequenceClassification(config), lower, taught)


def write_electra(folder: Path, labels: Sequence[str]) -> Path:
    """Write an ELECTRA classifier of `labels`, and return the folder."""
    words = vocabulary()
    torch.manual_seed(4)
    config = ElectraConfig(
        vocab_size=len(words), embedding_size=32, max_position_embeddings=POSITIONS, **SIZES, **names_of(labels)
    )
    return _written(folder, words, ElectraForSequenceClassification(config), lower=True, taught=False)


def _written(folder: Path, words: Sequence[str], model: PreTrainedModel, lower: bool, taught: bool) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    (folder / "tokenizer_config.json").write_text(f'{{"do_lower_case": {str(lower).lower()}}}')
    if taught:
        teach(model.eval(), folder)
    model.config.architectures = [type(model).__name__]
    (folder / "config.json").write_text(model.config.to_json_string())
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / "model.safetensors")
    return folder
