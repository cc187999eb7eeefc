import copy
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.support.requirement import require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers", "onnx")

import onnx
import torch
from onnx import numpy_helper
from onnxruntime import InferenceSession
from transformers import DistilBertConfig, DistilBertForSequenceClassification

from agnews.labels import LABELS
from agnews.model.engines.onnx import run, run_each, session
from agnews.settings import Settings
from modeling.export import Quantisation, export, sites
from modeling.graph import Array, Graph, save
from modeling.parity import compare


@pytest.fixture(scope="module")
def model() -> DistilBertForSequenceClassification:
    torch.manual_seed(5)
    config = DistilBertConfig(
        vocab_size=300,
        max_position_embeddings=64,
        n_layers=3,
        n_heads=4,
        dim=64,
        hidden_dim=128,
        id2label={index: str(label) for index, label in enumerate(LABELS)},
    )
    model: DistilBertForSequenceClassification = DistilBertForSequenceClassification(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


@pytest.fixture(scope="module")
def ids() -> list[list[int]]:
    chance = np.random.default_rng(0)
    return [[1, *chance.integers(5, 300, size=length).tolist(), 2] for length in (1, 3, 9, 17, 30, 62)]


@pytest.fixture
def path(model: DistilBertForSequenceClassification, ids: list[list[int]], tmp_path: Path) -> Iterator[Path]:
    target = tmp_path / "model.onnx"
    target.write_bytes(export(model, 64, ids).SerializeToString())
    yield target


def test_the_graph_computes_what_torch_computes(
    model: DistilBertForSequenceClassification, ids: list[list[int]], path: Path
) -> None:
    agreement = compare(model, path, ids)
    assert agreement.texts == len(ids)
    assert agreement.largest_difference < 0.15
    assert agreement.mean_difference < 0.05


def test_smoothing_and_scales_by_token_leave_less_of_an_outlier_behind(
    model: DistilBertForSequenceClassification, ids: list[list[int]], tmp_path: Path
) -> None:
    model = copy.deepcopy(model)
    with torch.no_grad():
        for block in model.distilbert.transformer.layer:
            block.get_parameter("sa_layer_norm.weight")[3] *= 20
            block.get_parameter("ffn.lin1.weight")[:, 3] /= 20
            block.get_parameter("ffn.lin2.weight")[:, 5] /= 30
            block.get_parameter("ffn.lin1.bias")[5] += 20
    path = tmp_path / "model.onnx"
    differences = []
    for quantisation in (Quantisation(), Quantisation(smooth=False, by_run=True)):
        path.write_bytes(export(model, 64, ids, quantisation).SerializeToString())
        differences.append(compare(model, path, ids).mean_difference)
    assert differences[0] < differences[1]


@pytest.mark.parametrize("by_run", [False, True])
def test_a_text_does_not_depend_on_its_neighbours(
    model: DistilBertForSequenceClassification, ids: list[list[int]], tmp_path: Path, by_run: bool
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(export(model, 64, ids, Quantisation(by_run=by_run)).SerializeToString())
    loaded, chance = session(path), np.random.default_rng(1)
    rows = [[1, *chance.integers(5, 300, size=12).tolist(), 2] for _ in range(9)]
    difference = np.abs(run(loaded, rows) - run_each(loaded, rows)).max()
    assert (difference > 1e-3) if by_run else (difference < 1e-5)


def test_a_saved_model_keeps_its_weights_in_a_file_beside_it(
    model: DistilBertForSequenceClassification, ids: list[list[int]], path: Path
) -> None:
    expected = run_each(session(path), ids)
    save(export(model, 64, ids), path)
    assert path.stat().st_size < 100_000 < (path.parent / "model.onnx.data").stat().st_size
    assert run_each(session(path), ids).tolist() == expected.tolist()


def test_smoothing_factors_have_a_geometric_mean_of_one(
    model: DistilBertForSequenceClassification, ids: list[list[int]]
) -> None:
    measured = sites(model, ids, Quantisation())
    assert len(measured) == 3 * 3
    assert all(np.log(site.factor).mean() == pytest.approx(0, abs=1e-5) for site in measured.values())


def test_a_text_too_long_for_the_baked_positions_is_an_error_not_a_wrong_answer(path: Path) -> None:
    with pytest.raises(Exception, match="Add"):
        run_each(session(path), [[1] * 65])


def test_weights_are_rounded_to_7_bits_by_column() -> None:
    weight = np.random.default_rng(0).normal(size=(64, 8)).astype(np.float32) * np.float32(10) ** np.arange(-4, 4)
    weight[0, 3], weight[5, 4] = -1000, 1000
    graph = Graph()
    graph.add("Identity", [graph.product_by_run(graph.to_float("x"), weight)], output="y")
    stored, scale = (numpy_helper.to_array(constant) for constant in graph.model("x", "y", 8).graph.initializer[:2])
    assert np.abs(stored.astype(int)).max(axis=0).tolist() == [63] * 8
    assert np.all(np.abs(stored * scale - weight) <= 0.501 * scale)


def product(write: Callable[[Graph, str, Array, Array], str], value: Array) -> tuple[Array, Array]:
    """What a graph of one product computes of `value`, and what it should."""
    chance = np.random.default_rng(0)
    weight, bias = chance.normal(size=(value.shape[-1], 6)).astype(np.float32), np.arange(6, dtype=np.float32)
    graph = Graph()
    graph.add("Identity", [write(graph, graph.to_float("x"), weight, bias)], output="y")
    model = graph.model("x", "y", 6)
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    loaded = InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return loaded.run(None, {"x": value})[0], value @ weight + bias


def test_a_product_within_a_range_cuts_off_what_lies_beyond() -> None:
    value = np.array([[-2, 0, 1, 5.0], [-2, 3, 5, 0.5]], dtype=np.float32)
    write = partial(lambda least, most, graph, *rest: graph.product_within(rest[0], rest[1], least, most, rest[2]), -2)
    inside, expected = product(partial(write, 5.0), value)
    assert inside == pytest.approx(expected, abs=0.15)
    cut, _ = product(partial(write, 1.0), value)
    assert cut == pytest.approx(product(partial(write, 1.0), value.clip(-2, 1))[0], abs=1e-6)


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e4])
def test_a_product_by_row_scales_each_token_by_itself(size: float) -> None:
    value = np.array([[0, 0, 0, 0], [-1, 1, 0.5, 0], [-size, size / 2, 0, size / 3]], dtype=np.float32)
    result, expected = product(Graph.product_by_row, value)
    assert result[0].tolist() == expected[0].tolist()
    assert result[1] == pytest.approx(expected[1], abs=0.05)
    assert result[2] == pytest.approx(expected[2], abs=0.05 * max(size, 1e-3))


@pytest.mark.parametrize("most", [0.0, 0.1, 1.0, 40.0])
def test_a_product_of_gelu_holds_its_lowest_and_its_largest_value(most: float) -> None:
    value = np.array([[-0.1699, most, 0, most / 2]], dtype=np.float32)
    result, expected = product(Graph.product_of_gelu, value)
    assert result == pytest.approx(expected, abs=0.04 * max(most, 0.68))


def test_no_sum_of_two_products_leaves_16_bits_in_the_embedded_model(settings: Settings) -> None:
    """CPUs without VNNI add two products of unsigned and signed 8-bit numbers in 16 bits, and saturate."""
    graph = onnx.load(settings.model_dir / "model.onnx").graph
    stored = {constant.name: numpy_helper.to_array(constant) for constant in graph.initializer}
    weights = {name: value.astype(int) for name, value in stored.items() if value.dtype == np.int8 and value.ndim == 2}
    users = {name: {node.op_type for node in graph.node if name in node.input} for name in weights}
    table = max(weights, key=lambda name: weights[name].size)
    assert users.pop(table) == {"Gather"}  # the word embeddings: rows of it become float, and are never multiplied
    assert list(users.values()) == [{"MatMulIntegerToFloat"}] * 25  # four a layer, and the queries of the last apart
    assert 2 * 255 * max(weights[name].max() for name in users) < 2**15
    assert 2 * 255 * min(weights[name].min() for name in users) >= -(2**15)
