"""What the plots of an evaluation show."""

import json
from typing import Any

import numpy as np
import pytest

from benchmarks.record import QUALITY
from tests.support.requirement import require_module

require_module("matplotlib")

from matplotlib.figure import Figure  # noqa: E402

from agnews.cli.evaluation.plots import draw_reliability  # noqa: E402


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
