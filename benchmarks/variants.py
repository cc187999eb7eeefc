"""Measure what a faster graph could gain: the baked one against copies with something cheaper, or left out.

    python -m benchmarks.variants [--rounds 25]

A copy that leaves something out answers wrongly: it shows the most that any cheaper way to do the same could gain.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from agnews.model.checkpoint import read_checkpoint
from agnews.model.encode import Encoder
from agnews.model.engines.onnx import OnnxEngine, run
from benchmarks.command import Setup, parser, setup_of
from benchmarks.record import record, this_cpus_folder
from benchmarks.rounds import interleaved, medians, ratio
from benchmarks.threads import Texts, grouped
from modeling.headlines import headlines

if TYPE_CHECKING:
    import onnx
    import onnxruntime

ROUNDS = 25
TEXTS = 200
SINGLES = 40
BAKED = "as baked"
PRODUCT = "MatMulIntegerToFloat"
ZERO_POINTS = 5
"""The place of the weights' zero points among a product's inputs."""
MICROSOFT = "com.microsoft"

Change = Callable[["onnx.GraphProto"], None]
"""Changes a graph in place."""


def main() -> None:
    """Run the command line that the module's docstring describes."""
    setup = setup_of(parser(__doc__, ROUNDS, results=this_cpus_folder()).parse_args())
    figures = measured(setup)
    print(record("variants", figures, setup.results, setup.model_dir), figures["list_over_baked"])


def measured(setup: Setup) -> dict[str, Any]:
    """Return each variant's time over the baked graph's, for a list and one by one, and its share of equal labels."""
    ids = [encoded.ids for encoded in Encoder(read_checkpoint(setup.model_dir)).encode(headlines(TEXTS))]
    parts = grouped(ids, OnnxEngine.max_tokens)
    sessions = {name: changed(setup, changes) for name, changes in VARIANTS.items()}
    labels = {name: labels_of(session, parts) for name, session in sessions.items()}
    singles = [[text] for text in ids[:SINGLES]]
    of_lists, of_singles = (
        interleaved({name: partial(seconds, session, runs) for name, session in sessions.items()}, setup.rounds)
        for runs in (parts, singles)
    )
    return {
        "what": "CPU time with one thread, over the baked graph's",
        "texts": TEXTS,
        "threads": 1,
        "texts_per_s": {name: TEXTS / value for name, value in medians(of_lists).items()},
        "single_ms": {name: 1000 * value / SINGLES for name, value in medians(of_singles).items()},
        "list_over_baked": {name: ratio(of_lists, name, BAKED) for name in sessions},
        "single_over_baked": {name: ratio(of_singles, name, BAKED) for name in sessions},
        "equal_labels": {name: float(np.equal(own, labels[BAKED]).mean()) for name, own in labels.items()},
    }


def changed(setup: Setup, changes: Sequence[Change]) -> "onnxruntime.InferenceSession":
    """Return a session, as in agnews.model.engines.onnx, of the baked graph after the changes."""
    import onnx
    import onnxruntime

    model = onnx.load(setup.model_dir / "model.onnx")
    for change in changes:
        change(model.graph)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.enable_mem_pattern = False
    options.log_severity_level = 3  # constants that nothing uses any more are none of our concern
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def labels_of(session: "onnxruntime.InferenceSession", parts: Sequence[Texts]) -> list[int]:
    """Return the texts' labels, as numbers."""
    return [int(label) for part in parts for label in run(session, part).argmax(axis=1)]


def seconds(session: "onnxruntime.InferenceSession", parts: Sequence[Texts]) -> float:
    """Return seconds of CPU time for all parts, one after the other: other processes do not count."""
    start = time.process_time()
    for part in parts:
        run(session, part)
    return time.process_time() - start


def without_zero_points(graph: "onnx.GraphProto") -> None:
    """Leave out the weights' zero points, which are all zero."""
    for node in of_kind(graph, PRODUCT):
        node.input[ZERO_POINTS] = ""


def with_tanh(graph: "onnx.GraphProto") -> None:
    """Compute GELU by its approximation with tanh."""
    for node in of_kind(graph, "Gelu"):
        node.op_type = "FastGelu"


def with_one_norm(graph: "onnx.GraphProto") -> None:
    """Add the bias and the residual within the layer norm's operator."""
    made_by = {name: node for node in graph.node for name in node.output}
    for norm in of_kind(graph, "LayerNormalization"):
        residual = made_by[norm.input[0]]
        biased = made_by[residual.input[0]]
        if biased.op_type != "Add":
            continue  # the embeddings' norm
        value, bias = biased.input
        norm.op_type, norm.domain = "SkipLayerNormalization", MICROSOFT
        norm.input[:] = [value, residual.input[1], *norm.input[1:], bias]
        graph.node.remove(biased)
        graph.node.remove(residual)


def without(*operators: str) -> Change:
    """Return a change that leaves these operators out."""
    return lambda graph: bypass(graph, [node for operator in operators for node in of_kind(graph, operator)])


def without_row_scales(graph: "onnx.GraphProto") -> None:
    """Neither find each token's largest value nor scale by it."""
    largest = {node.output[0] for node in of_kind(graph, "Max")}
    scaled = [node for node in graph.node if node.op_type in {"Div", "Mul"} and node.input[1] in largest]
    bypass(graph, scaled)
    for operator in ("Max", "ReduceMax", "Abs"):
        for node in of_kind(graph, operator):
            graph.node.remove(node)


def without_small_operators(graph: "onnx.GraphProto") -> None:
    """Leave out what other operators could do in passing: smoothing factors, biases, limits, absolute values."""
    vectors = {constant.name for constant in graph.initializer if len(constant.dims) == 1}
    by_channel = [node for node in graph.node if node.op_type in {"Add", "Mul"} and node.input[1] in vectors]
    bypass(graph, [*by_channel, *of_kind(graph, "Max"), *of_kind(graph, "Abs")])


def bypass(graph: "onnx.GraphProto", nodes: "Sequence[onnx.NodeProto]") -> None:
    """Remove the nodes; what used their output uses their first input instead."""
    instead = {node.output[0]: node.input[0] for node in nodes}
    for node in nodes:
        graph.node.remove(node)
    for node in graph.node:
        for place, name in enumerate(node.input):
            while name in instead:
                name = instead[name]
            node.input[place] = name


def of_kind(graph: "onnx.GraphProto", operator: str) -> "list[onnx.NodeProto]":
    """Return the graph's nodes of one operator."""
    return [node for node in graph.node if node.op_type == operator]


VARIANTS: dict[str, tuple[Change, ...]] = {
    BAKED: (),
    "weights without zero points": (without_zero_points,),
    "GELU by tanh": (with_tanh,),
    "bias and residual within the layer norm": (with_one_norm,),
    "no small operators": (without_small_operators,),
    "no GELU": (without("Gelu"),),
    "no attention": (without("MultiHeadAttention"),),
    "no scales by token": (without_row_scales,),
    "neither GELU, attention nor scales": (without("Gelu", "MultiHeadAttention"), without_row_scales),
}


if __name__ == "__main__":
    main()
