"""Count the operations of the baked graph from its tensors' shapes; a multiply-add is two operations."""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import onnx

Shape = tuple[int, ...]

INT8 = frozenset({"DynamicQuantizeMatMul", "MatMulInteger", "MatMulIntegerToFloat", "MatMulNBits"})
"""Operators whose products are of 8-bit integers."""
PRODUCTS = INT8 | {"Gemm", "MatMul"}
"""Operators that multiply their first input [.., inner] with another into [.., columns]."""


class Operations:
    """Operation counts for texts of any length; the graph runs once per length."""

    def __init__(self, path: Path) -> None:
        import onnx
        import onnxruntime

        model = onnx.load(path)
        self._nodes = list(model.graph.node)
        self._constants: dict[str, Shape] = {weight.name: tuple(weight.dims) for weight in model.graph.initializer}
        self._names = [name for node in self._nodes for name in node.output if name]
        known = {output.name for output in model.graph.output}
        model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in self._names if name not in known)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model.SerializeToString(), options)
        self._known: dict[int, Counter[str]] = {}

    def of_length(self, tokens: int) -> Counter[str]:
        """Return operations of one text of `tokens` tokens: "int8" and "float"."""
        if tokens not in self._known:
            outputs = [output.name for output in self._session.get_outputs()]
            ids = np.full((1, tokens), 100, dtype=np.int64)
            values = self._session.run(outputs, {"input_ids": ids})
            shapes = self._constants | {name: value.shape for name, value in zip(outputs, values, strict=True)}
            self._known[tokens] = counted(self._nodes, shapes)
        return self._known[tokens]

    def of_texts(self, lengths: Iterable[int]) -> dict[str, float]:
        """Return operations per text, the mean over texts of these lengths in tokens."""
        texts = list(lengths)
        total = sum((self.of_length(tokens) for tokens in texts), Counter())
        return {kind: total[kind] / len(texts) for kind in ("int8", "float")}


def counted(nodes: "Iterable[onnx.NodeProto]", shapes: Mapping[str, Shape]) -> Counter[str]:
    """Return operations of the nodes' products, "int8" and "float"; other operators are not counted.

    Raises:
        ValueError: an unknown kind of product.
    """
    total: Counter[str] = Counter()
    for node in nodes:
        inputs = [shapes.get(name, ()) for name in node.input]
        if node.op_type in PRODUCTS:
            total[kind_of(node.op_type)] += 2 * prod(inputs[0]) * shapes[node.output[0]][-1]
        elif node.op_type == "MultiHeadAttention":
            total["float"] += attention(inputs[0], inputs[1])
        elif "MatMul" in node.op_type or "Attention" in node.op_type or "Conv" in node.op_type:
            raise ValueError(f"{node.op_type} does products that are not counted; add it to benchmarks/operations.py")
    return total


def kind_of(operator: str) -> str:
    """Return whether the operator's products are "int8" or "float"."""
    return "int8" if operator in INT8 else "float"


def attention(query: Shape, key: Shape) -> int:
    """Return operations of queries [batch, length, width] times keys, and weights times values, over all heads."""
    return 2 * 2 * prod(query) * key[1]
