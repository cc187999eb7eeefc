"""The networks that export to int8, all in DistilBERT's terms: DistilBERT itself, and BERT folded into it.

DistilBERT has no token types, so BERT's type-0 row, which is added at every position, goes into the position
embeddings. BERT's pooler is DistilBERT's `pre_classifier` with tanh instead of ReLU. Everything else is a renaming.
"""

from typing import Any, Literal, NamedTuple

from torch import Tensor
from transformers import (
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    PreTrainedModel,
)
from transformers.models.bert.configuration_bert import BertConfig

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


class Network(NamedTuple):
    """A classifier to export."""

    model: DistilBertForSequenceClassification
    """The weights, and the layers whose activations are measured."""
    head: Literal["Relu", "Tanh"] = "Relu"
    """The activation between `pre_classifier` and `classifier`; that of `model` is ReLU always."""
    epsilon: float = 1e-12
    """Of the layer norms; that of `model` is 1e-12 always."""


def network_of(model: PreTrainedModel) -> Network:
    """Return the network that computes the same as `model`. Raises ValueError for one that is neither of the two."""
    if isinstance(model, DistilBertForSequenceClassification):
        return Network(model)
    if not isinstance(model, BertForSequenceClassification):
        raise ValueError(f"{type(model).__name__} has no int8 form")
    state = model.state_dict()
    bert = {name.removeprefix("bert."): value for name, value in state.items() if name.startswith("bert.")}
    folded = {f"distilbert.{name}": value for name, value in fold_state(bert, model.config.num_hidden_layers).items()}
    for kind in ("weight", "bias"):
        folded[f"pre_classifier.{kind}"] = bert[f"pooler.dense.{kind}"]
        folded[f"classifier.{kind}"] = state[f"classifier.{kind}"]
    config = folded_config(model.config, id2label=model.config.id2label)
    twin: DistilBertForSequenceClassification = DistilBertForSequenceClassification(config).eval()
    twin.load_state_dict(folded)
    return Network(twin, "Tanh", float(model.config.layer_norm_eps))


def folded_config(bert: BertConfig, **options: Any) -> DistilBertConfig:
    """Return the DistilBERT configuration of `bert`'s size; `options` are further entries."""
    sizes: dict[str, Any] = {
        "vocab_size": bert.vocab_size,
        "max_position_embeddings": bert.max_position_embeddings,
        "n_layers": bert.num_hidden_layers,
        "n_heads": bert.num_attention_heads,
        "dim": bert.hidden_size,
        "hidden_dim": bert.intermediate_size,
        "activation": bert.hidden_act,
    }
    return DistilBertConfig(**sizes, **options)


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
