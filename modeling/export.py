"""A DistilBERT or BERT classifier as one fused int8 ONNX graph, written node by node.

Weights are 7-bit with a scale per output column: products with unsigned 8-bit activations then fit the 16-bit sums
of CPUs without VNNI, so every CPU computes the same. No activation's scale depends on other tokens, so a text's scores
do not depend on its neighbours. What keeps that close to float32 (measured in results/speed/quantisation.json):

- *Smoothing* (Xiao et al. 2022): a channel with outliers is divided by a factor that its weight row is multiplied with.
- *Fixed ranges* behind layer norms, whose range hardly differs from text to text.
- *Scales by row* elsewhere: after GELU a few tokens are ten times larger than the rest, so each token's row is divided
  by its maximum before the product and multiplied afterwards.
- Only [CLS] is classified, so the last layer computes queries, output and feed-forward for that token alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import torch
from transformers import DistilBertConfig, DistilBertForSequenceClassification, PreTrainedModel

from agnews.model.engines.onnx import INPUTS, OUTPUT
from modeling.graph import Array, Graph
from modeling.network import Network, network_of

SITES: dict[str, tuple[str, ...]] = {
    "attention_in": ("attention.q_lin", "attention.k_lin", "attention.v_lin"),
    "attention_out": ("attention.out_lin",),
    "ffn_in": ("ffn.lin1",),
}
"""The linear layers that are smoothed; those of one site share an input, and so a factor."""

MARGIN = 1.1
"""A fixed range is this many times what the calibration texts reach."""


@dataclass(frozen=True)
class Site:
    """How the input of a linear layer is quantised, as calibration measured it."""

    factor: Array
    """Float32 [input channels] with a geometric mean of 1: activations / factor, weights * factor."""
    least: float
    most: float
    """The smoothed activations' range, with the margin."""


@dataclass(frozen=True)
class Quantisation:
    """How activations are quantised. The default is what is baked; benchmarks try the others."""

    attention_in: float = 0.7
    """Smoothing strengths by site: 0 changes nothing, 1 moves outliers from activations into weights entirely."""
    attention_out: float = 0.75
    ffn_in: float = 0.6
    smooth: bool = True
    by_run: bool = False
    """Whether every activation is quantised by the largest of its run, whatever texts that holds."""


def export(
    model: PreTrainedModel,
    max_length: int,
    calibration: Sequence[list[int]],
    quantisation: Quantisation = Quantisation(),
) -> onnx.ModelProto:
    """Return the int8 graph of `model`: `input_ids` int64 [batch, length] to `logits` float32 [batch, labels].

    There is no attention mask: the texts of a run must have one length. `calibration` holds token ids of some
    hundred typical texts, on which the fixed ranges and the channels with outliers are measured.
    """
    network = network_of(model)
    config: DistilBertConfig = network.model.config
    if config.activation != "gelu":
        raise ValueError(f"only GELU feed-forward layers are supported, found {config.activation!r}")
    writer = _Writer(network, sites(network.model, calibration, quantisation), quantisation.by_run)
    hidden = writer.embeddings(max_length)
    for layer in range(config.n_layers):
        hidden = writer.layer(layer, hidden, only_first=layer == config.n_layers - 1)
    writer.head(hidden)
    return writer.graph.model(INPUTS[0], OUTPUT, len(config.id2label or {}))


@torch.inference_mode()
def sites(
    model: DistilBertForSequenceClassification, calibration: Sequence[list[int]], quantisation: Quantisation
) -> dict[tuple[int, str], Site]:
    """Return each layer's sites, by the layer's number and a name in SITES."""
    ranges: dict[tuple[int, str], torch.Tensor] = {}

    def watch(key: tuple[int, str], value: torch.Tensor) -> None:
        rows = value.flatten(0, -2)
        reached = torch.stack([(-rows).amax(0), rows.amax(0)])
        ranges[key] = torch.maximum(ranges[key], reached) if key in ranges else reached

    hooks = [
        block.get_submodule(names[0]).register_forward_pre_hook(
            lambda _module, inputs, key=(layer, site): watch(key, inputs[0])
        )
        for layer, block in enumerate(model.distilbert.transformer.layer)
        for site, names in SITES.items()
    ]
    for ids in calibration:
        model(input_ids=torch.tensor([ids]))
    for hook in hooks:
        hook.remove()
    return {key: _site(model, key, reached, quantisation) for key, reached in ranges.items()}


def _site(
    model: DistilBertForSequenceClassification, key: tuple[int, str], reached: torch.Tensor, quantisation: Quantisation
) -> Site:
    """Return the site of a layer whose activations lie from -reached[0] to reached[1], [input channels] each."""
    factor = _factor(model, key, reached.amax(0), quantisation)
    below, above = MARGIN * (reached.numpy() / factor).max(1).clip(1e-5)
    return Site(factor, -float(below), float(above))


def _factor(
    model: DistilBertForSequenceClassification, key: tuple[int, str], largest: torch.Tensor, quantisation: Quantisation
) -> Array:
    layer, site = key
    block = model.distilbert.transformer.layer[layer]
    rows: list[torch.Tensor] = [block.get_parameter(f"{name}.weight") for name in SITES[site]]
    weights = torch.cat(rows).abs().amax(0)
    if not quantisation.smooth:
        return np.ones(len(largest), dtype=np.float32)
    strength: float = getattr(quantisation, site)
    factor = largest.clamp(min=1e-5) ** strength / weights.clamp(min=1e-5) ** (1 - strength)
    normalised: Array = (factor / factor.log().mean().exp()).float().numpy()
    return normalised


class _Writer:
    """The nodes of one model; methods take and return the names of hidden states [batch, length, dim]."""

    def __init__(self, network: Network, sites: dict[tuple[int, str], Site], by_run: bool) -> None:
        self.graph = Graph(network.epsilon)
        self.config: DistilBertConfig = network.model.config
        self._head = network.head
        self._sites = sites
        self._by_run = by_run
        self._weights: dict[str, Array] = {
            name: value.float().numpy() for name, value in network.model.state_dict().items()
        }

    def _norm(self, name: str) -> tuple[str, str]:
        weight, bias = (self.graph.constant(self._weights[f"{name}.{kind}"]) for kind in ("weight", "bias"))
        return weight, bias

    def _linear(self, name: str) -> tuple[Array, Array]:
        """Return weight [inputs, outputs] and bias [outputs]."""
        return self._weights[f"{name}.weight"].T, self._weights[f"{name}.bias"]

    def embeddings(self, max_length: int) -> str:
        """Add word rows, int8 with a scale each, plus positions, normalised."""
        graph, prefix = self.graph, "distilbert.embeddings"
        table = self._weights[f"{prefix}.word_embeddings.weight"]
        scale = np.maximum(np.abs(table).max(1, keepdims=True) / 127, 1e-9).astype(np.float32)
        rows = graph.add("Gather", [graph.constant(np.round(table / scale).astype(np.int8)), INPUTS[0]])
        words = graph.add("Mul", [graph.to_float(rows), graph.add("Gather", [graph.constant(scale), INPUTS[0]])])
        length = graph.add("Shape", [INPUTS[0]], start=1, end=2)
        table = self._weights[f"{prefix}.position_embeddings.weight"][:max_length]
        positions = graph.add("Slice", [graph.constant(table), graph.ints(0), length, graph.ints(0)])
        return graph.norm(graph.add("Add", [words, positions]), self._norm(f"{prefix}.LayerNorm"))

    def layer(self, layer: int, hidden: str, only_first: bool) -> str:
        """Add one transformer layer; with `only_first` for the first token alone, [batch, 1, dim]."""
        graph, prefix = self.graph, f"distilbert.transformer.layer.{layer}"
        context, kept = self._attention(layer, hidden, only_first)
        weight, bias = self._linear(f"{prefix}.attention.out_lin")
        mixed = self._by_row(context, weight * self._sites[layer, "attention_out"].factor[:, None], bias)
        hidden = graph.skip_norm(mixed, kept, self._norm(f"{prefix}.sa_layer_norm"))
        weight, bias = self._linear(f"{prefix}.ffn.lin1")
        site = self._sites[layer, "ffn_in"]
        smooth, weight = graph.divided(hidden, site.factor), weight * site.factor[:, None]
        # The last layer's one token is all that is classified: it gets a scale of its own.
        inner = self._by_row(smooth, weight, bias) if only_first else self._within(smooth, weight, site, bias)
        weight, bias = self._linear(f"{prefix}.ffn.lin2")
        product = graph.product_by_run if self._by_run else graph.product_of_gelu
        outer = product(graph.add("Gelu", [inner]), weight, bias)
        return graph.skip_norm(outer, hidden, self._norm(f"{prefix}.output_layer_norm"))

    def _within(self, value: str, weight: Array, site: Site, bias: Array) -> str:
        if self._by_run:
            return self.graph.product_by_run(value, weight, bias)
        return self.graph.product_within(value, weight, site.least, site.most, bias)

    def _by_row(self, value: str, weight: Array, bias: Array) -> str:
        return (self.graph.product_by_run if self._by_run else self.graph.product_by_row)(value, weight, bias)

    def _attention(self, layer: int, hidden: str, only_first: bool) -> tuple[str, str]:
        """Add the attention and return (context, the hidden states that it is added to)."""
        graph = self.graph
        site = self._sites[layer, "attention_in"]
        weights, biases = zip(*(self._projection(layer, kind) for kind in "qkv"), strict=True)
        weights = tuple(weight * site.factor[:, None] for weight in weights)
        smooth = graph.divided(hidden, site.factor)
        kept = hidden
        if only_first:
            kept = graph.first(hidden)
            query = self._within(graph.first(smooth), weights[0], site, biases[0])
            product = self._within(smooth, np.hstack(weights[1:]), site, np.concatenate(biases[1:]))
            heads = [query, *graph.split(product, 2)]
        else:
            heads = graph.split(self._within(smooth, np.hstack(weights), site, np.concatenate(biases)), 3)
        return graph.add("MultiHeadAttention", heads, num_heads=self.config.n_heads), kept

    def _projection(self, layer: int, kind: str) -> tuple[Array, Array]:
        """Return weight and bias of q, k or v; those of v divided by the smoothing factor of `attention_out`."""
        weight, bias = self._linear(f"distilbert.transformer.layer.{layer}.attention.{kind}_lin")
        if kind != "v":
            return weight, bias
        factor = self._sites[layer, "attention_out"].factor
        return weight / factor, bias / factor

    def head(self, hidden: str) -> None:
        """Add the head: [batch, 1, dim] to logits [batch, labels], in float32."""
        graph = self.graph
        pooled = graph.add("Squeeze", [hidden, graph.ints(1)])
        pooled = graph.add(self._head, [self._dense(pooled, "pre_classifier")])
        graph.add("Identity", [self._dense(pooled, "classifier")], output=OUTPUT)

    def _dense(self, value: str, name: str) -> str:
        weight, bias = self._norm(name)
        return self.graph.add("Gemm", [value, weight, bias], transB=1)
