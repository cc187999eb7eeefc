"""BERT weights as DistilBERT weights."""

from pathlib import Path

from tests.support.requirement import require_module, require_start_weights

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers")

import torch
from transformers import BertConfig, BertModel

from agnews.labels import LABELS
from modeling import minilm


def test_a_folded_bert_has_the_same_hidden_states(tmp_path: Path) -> None:
    config = BertConfig(
        vocab_size=2000, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
    )
    torch.manual_seed(0)
    bert = BertModel(config, add_pooling_layer=False).eval()
    with torch.no_grad():
        bert.embeddings.token_type_embeddings.weight.normal_()
    bert.save_pretrained(tmp_path)
    model = minilm.classifier(tmp_path, LABELS)
    assert minilm.hidden_difference(bert, model) < minilm.TOLERANCE
    with torch.no_grad():
        model.distilbert.embeddings.position_embeddings.weight[3, 0] += 0.1
    assert minilm.hidden_difference(bert, model) > minilm.TOLERANCE


def test_the_real_minilm_folds_exactly() -> None:
    require_start_weights()
    assert minilm.classifier(minilm.folder(), LABELS).num_parameters() == 22_713_988
