"""The benchmarks: every contender gives our labels, and the arithmetic is right."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from agnews.model.checkpoint import read_checkpoint
from agnews.model.encode import Encoder
from agnews.settings import Settings
from tests.support.requirement import ROOT, require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("matplotlib", "onnx", "torch", "transformers")

import numpy as np
import onnx
from numpy.typing import NDArray

from benchmarks import cold, growth, lists, variants
from benchmarks.command import Setup
from benchmarks.contenders import CONTENDERS, ONNX, OTHERS, Contender
from benchmarks.contenders.batches import sorted_batches
from benchmarks.driver import status_bytes
from benchmarks.file import flatness, texts
from benchmarks.operations import Operations
from benchmarks.plots import PLOTS, draw
from benchmarks.process import absence, inherited, labels, list_event, present, running
from benchmarks.record import SPEED, cpu_folder, structure_of
from benchmarks.roofline import measured as measured_roofline
from benchmarks.rounds import interleaved, medians, ratio
from modeling.graph import Graph
from modeling.headlines import headlines

HEADLINES = (ROOT / "examples" / "headlines.txt").read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Setup:
    return Setup(Settings().model_dir, threads=1, rounds=1, names=None, results=tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="module")
def ours(setup: Setup) -> list[str]:
    with running(ONNX, setup) as process:
        return labels(process.answer({"texts": HEADLINES}).answer)


@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda contender: contender.name)
def test_a_contender_gives_our_labels(contender: Contender, setup: Setup, ours: list[str]) -> None:
    if contender.python == OTHERS and not OTHERS.exists():
        pytest.skip(f"{contender.name} needs make .venv-bench/ready")
    assert absence(contender, setup) is None
    batch = contender.batches[0] if contender.batches else None
    with running(contender, setup) as process:
        listed = process.answer(list_event(contender, HEADLINES, batch))
        single = process.answer({"text": HEADLINES[0]})
    assert labels(listed.answer) == ours
    assert single.answer["label"] == ours[0]
    assert listed.answering_peak_bytes > 10_000_000


def test_a_contender_that_ends_early_is_an_error(setup: Setup) -> None:
    broken = Contender("broken", "broken", "benchmarks.contenders.no_such.lambda_handler", ONNX.python)
    with pytest.raises(RuntimeError, match="ended"), running(broken, setup):
        pass


def test_a_contender_asked_for_by_name_that_cannot_run_ends_the_benchmark(setup: Setup, tmp_path: Path) -> None:
    missing = Contender("missing", "missing", ONNX.handler, tmp_path / "no-such-python")
    assert list(present([ONNX, missing], setup)[1]) == ["missing"]
    assert present([ONNX, missing], replace(setup, names=(ONNX.name,))) == ([ONNX], {})
    with pytest.raises(SystemExit, match="missing cannot run: its packages are not installed"):
        present([ONNX, missing], replace(setup, names=("missing",)))


def test_contenders_start_without_what_ours_sets_for_itself() -> None:
    assert "OPENBLAS_NUM_THREADS" in os.environ, "importing agnews sets it"
    assert {"OPENBLAS_NUM_THREADS", "ORT_DISABLE_TELEMETRY"}.isdisjoint(inherited())


def test_sorted_batches_answer_in_the_order_sent() -> None:
    sizes = []

    def classify(batch: list[str]) -> list[int]:
        sizes.append(len(batch))
        return [len(text) for text in batch]

    assert sorted_batches(["ccc", "a", "bb", "dddd", ""], 2, classify) == [3, 1, 2, 4, 0]
    assert sizes == [2, 2, 1]


LENGTH = 10
WIDE, INNER = 384, 1536
FULL_LAYER = LENGTH * (WIDE * 3 * WIDE + WIDE * WIDE + 2 * WIDE * INNER)
LAST_LAYER = LENGTH * WIDE * 2 * WIDE + WIDE * WIDE + WIDE * WIDE + 2 * WIDE * INNER
"""Keys and values of every token; queries, output and feed-forward of [CLS] alone."""


def one_operator_graph(value: NDArray[np.float32], width: int, operator: str) -> onnx.ModelProto:
    """Return a graph that applies one operator to its input and `value`, and keeps the first `width` results."""
    graph = Graph()
    result = graph.add(operator, ["input_ids", graph.constant(value)])
    graph.add("Slice", [result, graph.ints(0), graph.ints(width), graph.ints(1)], output="logits")
    return graph.model("input_ids", "logits", width)


def test_graphs_of_one_structure_differ_in_their_weights_alone(tmp_path: Path) -> None:
    def structure(value: NDArray[np.float32], width: int = 2, operator: str = "Add") -> str:
        onnx.save_model(one_operator_graph(value, width, operator), tmp_path / "model.onnx")
        return structure_of(tmp_path / "model.onnx")

    ones = np.ones(4, np.float32)
    assert structure(ones) == structure(ones * 2)
    assert len({structure(ones), structure(ones[:3]), structure(ones, 3), structure(ones, 2, "Mul")}) == 4


def test_operations_of_the_embedded_graph_are_those_counted_by_hand() -> None:
    operations = Operations(Settings().model_dir / "model.onnx").of_length(LENGTH)
    assert operations["int8"] == 2 * (5 * FULL_LAYER + LAST_LAYER)
    attention = 5 * 2 * 2 * LENGTH * LENGTH * WIDE + 2 * 2 * LENGTH * WIDE
    head = 2 * (WIDE * WIDE + WIDE * 4)
    assert operations["float"] == attention + head


def test_operations_of_texts_are_their_mean() -> None:
    operations = Operations(Settings().model_dir / "model.onnx")
    short, long = operations.of_length(8), operations.of_length(12)
    assert operations.of_texts([8, 12, 12, 12])["int8"] == (short["int8"] + 3 * long["int8"]) / 4


def test_rounds_take_turns_backwards_and_forwards() -> None:
    order: list[str] = []

    def run(name: str, seconds: float) -> float:
        order.append(name)
        return seconds

    rounds = interleaved({"a": lambda: run("a", 2.0), "b": lambda: run("b", 6.0)}, 2)
    assert order == ["a", "b", "b", "a"]
    assert medians(rounds) == {"a": 2.0, "b": 6.0}
    assert ratio(rounds, "b", "a") == {"median": 3.0, "least": 3.0, "most": 3.0}


def test_a_straight_line_is_found_as_one() -> None:
    line = growth.line({8: 1.8, 16: 2.6, 32: 4.2})
    assert line == pytest.approx({"ms_per_token": 0.1, "ms_at_zero": 1.0, "r_squared": 1.0})


@pytest.mark.parametrize("tokens", [8, 128])
def test_texts_of_a_length_have_exactly_that_many_tokens(setup: Setup, tokens: int) -> None:
    encoded_texts = Encoder(read_checkpoint(setup.model_dir)).encode(growth.of_length(setup, tokens, 5))
    assert [len(encoded.ids) for encoded in encoded_texts] == [tokens] * 5


def test_headlines_of_a_file_are_all_different() -> None:
    assert len(set(texts(12_000))) == 12_000


def test_joined_headlines_are_texts_of_that_many_different_ones() -> None:
    texts = lists.joined_headlines(10, seed=3, joined=4)
    assert texts[0] == " ".join(headlines(4, seed=3))
    assert len(set(texts)) == 10


def test_a_start_says_how_long_it_took_and_what_it_read_from_disk(setup: Setup) -> None:
    start = cold.floor(setup)
    assert start.seconds > 0
    assert start.read_bytes >= 0


def test_without_root_the_empty_cache_is_skipped_by_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(cold, "DROP_CACHES", tmp_path / "missing")
    monkeypatch.setattr("sys.argv", ["cold", "--empty-cache", "--results", str(tmp_path)])
    cold.main()
    assert capsys.readouterr().out.startswith("cold_empty_cache is skipped: only root may write")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("cpu", "instructions", "folder"),
    [
        ("AMD EPYC", ["avx2", "avx512_vnni"], "amd_epyc"),
        ("Intel(R) Xeon(R) Processor", ["avx2"], "intel_xeon"),
        ("Intel(R) Xeon(R) Processor", ["avx2", "amx_int8"], "intel_xeon_amx"),
    ],
)
def test_libraries_are_compared_in_a_folder_of_the_cpu(cpu: str, instructions: list[str], folder: str) -> None:
    assert cpu_folder(cpu, instructions) == SPEED / folder


def test_variants_that_leave_nothing_out_give_the_baked_labels(setup: Setup) -> None:
    whole = {name: changes for name, changes in variants.VARIANTS.items() if not name.startswith(("no ", "neither "))}
    parts = [[encoded.ids] for encoded in Encoder(read_checkpoint(setup.model_dir)).encode(HEADLINES)]
    labels_of = {name: variants.labels_of(variants.changed(setup, whole[name]), parts) for name in whole}
    assert len(labels_of) == 4
    assert all(own == labels_of[variants.BAKED] for own in labels_of.values())


def test_memory_that_grows_in_the_second_half_is_not_flat() -> None:
    assert flatness([1, 9, 10, 10, 10, 10, 10, 10]) == 1
    assert flatness([1, 9, 10, 10, 12, 14, 18, 20]) == 2


def test_the_roofline_counts_what_the_product_does() -> None:
    measured = measured_roofline(threads=1, rounds=1, sizes=((64, 64, 32),))
    assert len(measured["operations_per_s"]) == 2
    assert measured["best"]["operations_per_s"] == max(measured["operations_per_s"].values()) > 0


def test_resident_memory_is_at_most_its_high_water_mark() -> None:
    assert 0 < status_bytes("VmRSS") <= status_bytes("VmHWM")


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_is_drawn_from_its_json_alone(name: str, tmp_path: Path) -> None:
    measured = next(SPEED.rglob(f"{name}.json"))
    picture = draw(Path(shutil.copy(measured, tmp_path)))
    assert picture == tmp_path / f"{name}.png"
    assert picture.read_bytes().startswith(b"\x89PNG\r\n")


def test_bars_are_sorted_with_the_best_on_top() -> None:
    record = json.loads(next(SPEED.rglob("lists.json")).read_text(encoding="utf-8"))
    record["texts_per_s"] = {"tutorial": 2.0, "agnews-onnx": 3.0, "openvino": 1.0}
    (axes,) = PLOTS["lists"](record).axes
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "ours, onnx",
        "transformers pipeline()",
        "OpenVINO, float",
    ]
    bottom, top = axes.get_ylim()
    assert bottom > top, "the first is at the top"
