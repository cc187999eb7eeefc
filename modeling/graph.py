"""Writes ONNX graphs: constants, nodes, and the int8 products that the export is made of."""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float32]

MICROSOFT = "com.microsoft"
FUSED = frozenset({"BiasGelu", "DynamicQuantizeMatMul", "MultiHeadAttention", "SkipLayerNormalization"})
"""Operators of ONNX Runtime's own domain."""

WEIGHT_LIMIT = 63
"""7-bit weights: 255 * 63 * 2 stays below 2**15, the sum that AVX2's multiply-add saturates at."""


class Graph:
    """Nodes and constants so far. Methods return the names of what they computed."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, value: NDArray[Any]) -> str:
        """A stored array."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def ints(self, *values: int) -> str:
        """A stored int64 vector."""
        return self.constant(np.array(values, dtype=np.int64))

    def add(self, operator: str, inputs: list[str], output: str | None = None, **attributes: float) -> str:
        """One node with one output."""
        name = output or f"{operator}_{len(self._nodes)}"
        self._node(operator, inputs, [name], **attributes)
        return name

    def split(self, value: str, parts: int) -> list[str]:
        """Equal parts along the last axis."""
        names = [f"Split_{len(self._nodes)}_{part}" for part in range(parts)]
        self._node("Split", [value], names, axis=-1, num_outputs=parts)
        return names

    def _node(self, operator: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        domain = MICROSOFT if operator in FUSED else ""
        self._nodes.append(helper.make_node(operator, inputs, outputs, domain=domain, **attributes))

    def to_float(self, value: str) -> str:
        """Cast to float32."""
        return self.add("Cast", [value], to=TensorProto.FLOAT)

    def first(self, value: str) -> str:
        """[batch, 1, dim]: the first token of [batch, length, dim]."""
        return self.add("Slice", [value, self.ints(0), self.ints(1), self.ints(1)])

    def divided(self, value: str, factor: Array) -> str:
        """`value` / `factor`, channel by channel."""
        return self.add("Mul", [value, self.constant((1 / factor).astype(np.float32))])

    def skip_norm(self, value: str, skip: str, norm: tuple[str, str], bias: Array) -> str:
        """LayerNorm(value + bias + skip)."""
        return self.add("SkipLayerNormalization", [value, skip, *norm, self.constant(bias)], epsilon=1e-12)

    def int8_product(self, value: str, weight: Array, bias: Array | None = None) -> str:
        """value @ weight + bias, weight [inputs, outputs] in 7 bits, value quantised as it comes."""
        scale = np.maximum(np.abs(weight).max(0) / WEIGHT_LIMIT, 1e-9).astype(np.float32)
        rounded = np.clip(np.round(weight / scale), -WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int8)
        zeros = np.zeros(len(scale), dtype=np.int8)
        inputs = [value, self.constant(rounded), self.constant(scale), self.constant(zeros)]
        return self.add("DynamicQuantizeMatMul", inputs if bias is None else [*inputs, self.constant(bias)])

    def int8_product_by_row(self, value: str, weight: Array) -> str:
        """value @ weight, each token's row scaled to a maximum of 1 meanwhile. For values that are mostly positive."""
        largest = self.add("ReduceMax", [value, self.ints(-1)], keepdims=1)
        largest = self.add("Max", [largest, self.constant(np.array(1e-6, dtype=np.float32))])
        return self.add("Mul", [self.int8_product(self.add("Div", [value, largest]), weight), largest])

    def model(self, source: str, result: str, width: int) -> onnx.ModelProto:
        """The finished, checked model: int64 `source` [batch, length] to float32 `result` [batch, width]."""
        inputs = [helper.make_tensor_value_info(source, TensorProto.INT64, ["batch", "length"])]
        outputs = [helper.make_tensor_value_info(result, TensorProto.FLOAT, ["batch", width])]
        graph = helper.make_graph(self._nodes, "agnews", inputs, outputs, self._constants)
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="agnews")
        onnx.checker.check_model(model)
        return model
