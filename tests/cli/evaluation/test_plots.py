"""What the plots of an evaluation show."""

import json
from typing import Any

import numpy as np
import pytest

from benchmarks.record import QUALITY
from tests.support.requirement import require_module

require_module("matplotlib", "onnx")

from matplotlib.figure import Figure  # noqa: E402

from agnews.cli.evaluation.metrics import metrics, out_of_scope_metrics  # noqa: E402
from agnews.cli.evaluation.plots import (  # noqa: E402
    LABEL_CHARS,
    draw_both_scopes,
    draw_confusion,
    draw_measurement,
    draw_reliability,
    make_figure,
)
from tests.support.labelled import HUNDRED, ODD, THIRTY  # noqa: E402


def test_reliability_joins_small_bins_and_draws_intervals() -> None:
    measurement: Any = json.loads((QUALITY / "ag_news" / "report.json").read_text(encoding="utf-8"))["views"]["title"]
    measurement["metrics"]["reliability"] = [
        {"texts": 19, "score": 0.3, "accuracy": 0.6},
        {"texts": 5, "score": 0.6, "accuracy": 0.6},
        {"texts": 15, "score": 0.8, "accuracy": 0.8},
        {"texts": 20, "score": 0.9, "accuracy": 0.75},
    ]
    axes = Figure().subplots()
    draw_reliability(axes, measurement)
    intervals, points = axes.collections
    assert np.asarray(points.get_offsets()).tolist() == [pytest.approx([0.9, 0.75]), pytest.approx([0.75, 0.75])]
    assert np.asarray(intervals.get_paths()[0].vertices)[:, 1] == pytest.approx([0.5313, 0.8881], abs=1e-4)


def test_one_picture_shows_what_each_min_score_answers_in_scope_and_out_of_scope() -> None:
    score, correct = np.array([0.85, 0.7, 0.65, 0.4]), np.array([True, False, True, False])
    axes = Figure().subplots()
    draw_both_scopes(axes, out_of_scope_metrics(score, correct, np.array([0.95, 0.9, 0.7, 0.3, 0.2])), least=0.2)
    right, inside, outside = (np.asarray(line.get_xydata()).tolist() for line in axes.lines[:3])
    assert right == [[0.4, 0.5], [0.65, pytest.approx(2 / 3)], [0.7, 0.5], [0.85, 1]]
    assert inside == [[0.4, 1], [0.65, 0.75], [0.7, 0.5], [0.85, 0.25]]
    assert outside == [[0.4, 0.6], [0.65, 0.6], [0.7, 0.6], [0.85, 0.4]]


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font")
@pytest.mark.parametrize("topics", [THIRTY, HUNDRED, ODD])
def test_the_cells_of_many_topics_have_room_for_their_counts_and_names(topics: tuple[str, ...]) -> None:
    labels = np.arange(len(topics))
    measurement: Any = {"metrics": metrics(labels, np.eye(len(topics)), topics)}
    figure, axes, _, _ = make_figure(topics)
    draw_confusion(axes, measurement)
    assert [text.get_text() for text in axes.texts] == ["1"] * len(topics), "no zeros"
    figure.draw_without_rendering()
    row_points = abs(axes.transData.transform([[0, 0], [0, 1]])[:, 1] @ [-1, 1]) / figure.dpi * 72
    for text in (*axes.texts, *axes.get_xticklabels(), *axes.get_yticklabels()):
        assert 4.5 <= float(text.get_fontsize()) <= row_points
    assert max(len(text.get_text()) for text in axes.get_yticklabels()) <= LABEL_CHARS


def test_a_report_without_texts_out_of_scope_is_drawn() -> None:
    measurement: Any = json.loads((QUALITY / "ag_news" / "report.json").read_text(encoding="utf-8"))["views"]["title"]
    assert not {"out_of_scope", "groups_mean"} & set(measurement)
    assert draw_measurement(measurement, "Titles").startswith(b"\x89PNG\r\n")
