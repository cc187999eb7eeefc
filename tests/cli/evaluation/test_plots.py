"""What the plots of an evaluation show."""

import json
from typing import Any

import numpy as np
import pytest

from benchmarks.record import QUALITY
from tests.support.requirement import require_module

require_module("matplotlib")

from matplotlib.figure import Figure  # noqa: E402

from agnews.cli.evaluation.metrics import out_of_scope_metrics  # noqa: E402
from agnews.cli.evaluation.plots import draw_both_scopes, draw_measurement, draw_reliability  # noqa: E402


def test_reliability_leaves_small_bins_out_and_draws_intervals() -> None:
    measurement: Any = json.loads((QUALITY / "ag_news" / "report.json").read_text(encoding="utf-8"))["views"]["title"]
    measurement["metrics"]["reliability"] = [
        {"texts": 19, "score": 0.5, "accuracy": 0.6},
        {"texts": 20, "score": 0.7, "accuracy": 0.75},
    ]
    axes = Figure().subplots()
    draw_reliability(axes, measurement)
    intervals, points = axes.collections
    assert np.asarray(points.get_offsets()).tolist() == [[0.7, 0.75]]
    (path,) = intervals.get_paths()
    assert np.asarray(path.vertices)[:, 1] == pytest.approx([0.5313, 0.8881], abs=1e-4)


def test_one_picture_shows_what_is_right_in_scope_and_what_is_answered_out_of_scope() -> None:
    score, correct = np.array([0.85, 0.7, 0.65, 0.4]), np.array([True, False, True, False])
    axes = Figure().subplots()
    draw_both_scopes(axes, out_of_scope_metrics(score, correct, np.array([0.95, 0.9, 0.7, 0.3, 0.2])))
    right, answered = axes.lines[:2]
    assert np.asarray(right.get_xydata()).tolist() == [[1, 0.5], [0.75, pytest.approx(2 / 3)], [0.5, 0.5], [0.25, 1]]
    assert np.asarray(answered.get_xydata()).tolist() == [[1, 0.6], [0.75, 0.6], [0.5, 0.6], [0.25, 0.4]]
    assert [text.get_text() for text in axes.texts] == ["0.5", "0.6", "0.7", "0.8", "0.9"]


def test_a_report_without_texts_out_of_scope_is_drawn() -> None:
    measurement: Any = json.loads((QUALITY / "ag_news" / "report.json").read_text(encoding="utf-8"))["views"]["title"]
    assert not {"out_of_scope", "groups_mean"} & set(measurement)
    assert draw_measurement(measurement, "Titles").startswith(b"\x89PNG\r\n")
