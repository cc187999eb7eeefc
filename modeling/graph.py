"""ONNX graphs: constants, nodes, and the int8 products of the export."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Array = NDArray[np.float32]

MICROSOFT = "com.microsoft"
FUSED = frozenset({"DynamicQuantizeMatMul", "Gelu", "MatMulIntegerToFloat", "MultiHeadAttention"})
"""Operators of ONNX Runtime's own domain."""

LEAST_GELU = 0.17
"""GELU's values are above minus this."""

WEIGHT_LIMIT = 63
"""7-bit weights: 255 * 63 * 2 stays below 2**15, the sum that AVX2's multiply-add saturates at."""

WEIGHTS = "{}.data"
"""The file beside a model's with its large constants, which ONNX Runtime maps into memory instead of parsing."""


def save(model: onnx.ModelProto, path: Path) -> None:
    """Write the model to `path` and its constants beside it; `model` is not usable afterwards."""
    onnx.save_model(model, path, save_as_external_data=True, location=WEIGHTS.format(path.name), size_threshold=1024)


class Graph:
    """Nodes and constants so far. Methods add some and return the name of the result."""

    def __init__(self, epsilon: float = 1e-12) -> None:
        """`epsilon`: of the layer norms."""
        self._epsilon = epsilon
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, value: NDArray[Any]) -> str:
        """Store an array."""
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def ints(self, *values: int) -> str:
        """Store an int64 vector."""
        return self.constant(np.array(values, dtype=np.int64))

    def add(self, operator: str, inputs: list[str], output: str | None = None, **attributes: float) -> str:
        """Add one node with one output."""
        name = output or f"{operator}_{len(self._nodes)}"
        self._node(operator, inputs, [name], **attributes)
        return name

    def split(self, value: str, parts: int) -> list[str]:
        """Split into equal parts along the last axis."""
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
        """Take the first token, [batch, 1, dim], of [batch, length, dim]."""
        return self.add("Slice", [value, self.ints(0), self.ints(1), self.ints(1)])

    def divided(self, value: str, factor: Array) -> str:
        """Divide `value` by `factor`, channel by channel."""
        return self.add("Mul", [value, self.constant((1 / factor).astype(np.float32))])

    def skip_norm(self, value: str, skip: str, norm: tuple[str, str]) -> str:
        """Add LayerNorm(value + skip) as two operators: ONNX Runtime's one for both is not vectorised on CPUs."""
        return self.norm(self.add("Add", [value, skip]), norm)

    def norm(self, value: str, norm: tuple[str, str]) -> str:
        """Add LayerNorm(value); `norm` are its weight and bias."""
        return self.add("LayerNormalization", [value, *norm], epsilon=self._epsilon)

    def product_by_run(self, value: str, weight: Array, bias: Array | None = None) -> str:
        """Add value @ weight + bias, both int8; `value` quantised with one scale for all texts of a run."""
        inputs = [value, *self._int8(weight)]
        return self.add("DynamicQuantizeMatMul", inputs if bias is None else [*inputs, self.constant(bias)])

    def product_within(self, value: str, weight: Array, least: float, most: float, bias: Array) -> str:
        """Add the same for values from `least` (below 0) to `most` (above); values beyond are clipped."""
        scale = (most - least) / 255
        return self._product(value, weight, scale, round(-least / scale), bias)

    def product_by_row(self, value: str, weight: Array, bias: Array) -> str:
        """Add the same with a scale for each token, its largest value."""
        largest = self.add("ReduceMax", [self.add("Abs", [value]), self.ints(-1)], keepdims=1)
        largest = self._at_least(largest, 1e-6)
        product = self._product(self.add("Div", [value, largest]), weight, 1 / 127, 128)
        return self._plus(self.add("Mul", [product, largest]), bias)

    def product_of_gelu(self, value: str, weight: Array, bias: Array) -> str:
        """Add the same for outputs of GELU: the 8 bits hold -0.25 to 1 times a scale of 4 LEAST_GELU or more."""
        largest = self.add("ReduceMax", [value, self.ints(-1)], keepdims=1)
        largest = self._at_least(largest, 4 * LEAST_GELU)
        product = self._product(self.add("Div", [value, largest]), weight, 1.25 / 255, 51)
        return self._plus(self.add("Mul", [product, largest]), bias)

    def _product(self, value: str, weight: Array, scale: float, zero: int, bias: Array | None = None) -> str:
        """Add value @ weight + bias with value quantised to (value / scale) + zero, in 0 to 255."""
        rounded, scales, zeros = self._int8(weight)
        by, at = self.constant(np.array(scale, dtype=np.float32)), self.constant(np.array(zero, dtype=np.uint8))
        inputs = [self.add("QuantizeLinear", [value, by, at]), rounded, by, scales, at, zeros]
        return self.add("MatMulIntegerToFloat", inputs if bias is None else [*inputs, self.constant(bias)])

    def _int8(self, weight: Array) -> list[str]:
        """Store `weight` [inputs, outputs] in 7 bits, a scale for each output, and zeros."""
        scale = np.maximum(np.abs(weight).max(0) / WEIGHT_LIMIT, 1e-9).astype(np.float32)
        rounded = np.clip(np.round(weight / scale), -WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int8)
        return [self.constant(rounded), self.constant(scale), self.constant(np.zeros(len(scale), dtype=np.int8))]

    def _at_least(self, value: str, least: float) -> str:
        return self.add("Max", [value, self.constant(np.array(least, dtype=np.float32))])

    def _plus(self, value: str, bias: Array) -> str:
        return self.add("Add", [value, self.constant(bias)])

    def model(self, source: str, result: str, width: int) -> onnx.ModelProto:
        """Return the finished, checked model: int64 `source` [batch, length] to float32 `result` [batch, width]."""
        inputs = [helper.make_tensor_value_info(source, TensorProto.INT64, ["batch", "length"])]
        outputs = [helper.make_tensor_value_info(result, TensorProto.FLOAT, ["batch", width])]
        graph = helper.make_graph(self._nodes, "agnews", inputs, outputs, self._constants)
        opsets = [helper.make_opsetid("", 18), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=10, producer_name="agnews")
        onnx.checker.check_model(model)
        return model
