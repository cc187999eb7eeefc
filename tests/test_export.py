import copy
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from agnews.engines.onnx import run_each, session
from agnews.settings import Settings

torch = pytest.importorskip("torch", reason="the export needs torch")
onnx = pytest.importorskip("onnx", reason="the export needs onnx")
from onnx import numpy_helper  # noqa: E402
from transformers import DistilBertConfig, DistilBertForSequenceClassification  # noqa: E402

from modeling.export import Quantisation, export, smoothing_factors  # noqa: E402
from modeling.graph import WEIGHT_LIMIT, Graph  # noqa: E402
from modeling.parity import compare  # noqa: E402


@pytest.fixture(scope="module")
def model() -> DistilBertForSequenceClassification:
    torch.manual_seed(5)
    config = DistilBertConfig(
        vocab_size=300, max_position_embeddings=64, n_layers=3, n_heads=4, dim=64, hidden_dim=128, num_labels=4
    )
    found: DistilBertForSequenceClassification = DistilBertForSequenceClassification(config).eval()
    with torch.no_grad():
        for parameter in found.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return found


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


def test_smoothing_and_row_scaling_leave_less_of_an_outlier_behind(
    model: DistilBertForSequenceClassification, ids: list[list[int]], tmp_path: Path
) -> None:
    model = copy.deepcopy(model)
    with torch.no_grad():
        for block in model.distilbert.transformer.layer:
            block.sa_layer_norm.weight[3] *= 20
            block.ffn.lin1.weight[:, 3] /= 20
            block.ffn.lin2.weight[:, 5] /= 30
            block.ffn.lin1.bias[5] += 20
    path = tmp_path / "model.onnx"
    differences = []
    for quantisation in (Quantisation(), Quantisation(smooth=False, scale_rows=False)):
        path.write_bytes(export(model, 64, ids, quantisation).SerializeToString())
        differences.append(compare(model, path, ids).mean_difference)
    assert differences[0] < differences[1]


def test_smoothing_factors_have_a_geometric_mean_of_one(
    model: DistilBertForSequenceClassification, ids: list[list[int]]
) -> None:
    factors = smoothing_factors(model, ids, Quantisation())
    assert len(factors) == 3 * 3
    assert all(np.log(factor).mean() == pytest.approx(0, abs=1e-5) for factor in factors.values())


def test_a_text_too_long_for_the_baked_positions_is_an_error_not_a_wrong_answer(path: Path) -> None:
    with pytest.raises(Exception, match="Add"):
        run_each(session(path), [[1] * 65])


def test_the_embedded_weights_cannot_saturate_a_16_bit_sum(settings: Settings) -> None:
    products = {"DynamicQuantizeMatMul"}
    found = onnx.load(settings.model_dir / "model.onnx").graph
    constants = {constant.name: constant for constant in found.initializer}
    weights = [numpy_helper.to_array(constants[node.input[1]]) for node in found.node if node.op_type in products]
    assert len(weights) >= 6 * 4
    assert max(int(np.abs(weight.astype(np.int16)).max()) for weight in weights) <= WEIGHT_LIMIT
    assert 2 * 255 * WEIGHT_LIMIT < 2**15


def test_an_8_bit_product_within_7_bit_weights_is_exact_at_its_extremes(tmp_path: Path) -> None:
    graph = Graph()
    weight = np.full((64, 8), 1.0, dtype=np.float32)
    weight[:, 1::2] = -1.0
    graph.add("Identity", [graph.int8_product(graph.to_float("x"), weight)], output="y")
    path = tmp_path / "product.onnx"
    path.write_bytes(graph.model("x", "y", 8).SerializeToString())
    (found,) = ort.InferenceSession(path).run(["y"], {"x": np.full((1, 64), 255, dtype=np.int64)})
    assert np.allclose(found, 255.0 * 64 * np.where(np.arange(8) % 2, -1, 1), rtol=1e-5)
