"""An evaluation as pictures."""

import io

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from agnews.cli.evaluation.measure import Measured
from agnews.cli.evaluation.metrics import at_coverage
from agnews.labels import LABELS

matplotlib.use("Agg")

BLUE, GREY, RED = "#4477aa", "#888888", "#ee6677"


def png(measured: Measured, title: str) -> bytes:
    """Confusion matrix, reliability diagram and coverage curve side by side, as one PNG file."""
    figure = Figure(figsize=(12, 3.9), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    figure.suptitle(f"{title}: {measured['metrics']['texts']:,} texts, {measured['engine']}")
    confusion(left, measured)
    reliability(middle, measured)
    coverage(right, measured)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()


def confusion(axes: Axes, measured: Measured) -> None:
    """True labels by row, found ones by column; the shade is the share of the row."""
    counts = np.array(measured["metrics"]["confusion"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        colour = "white" if shares[row, column] > 0.6 else "black"
        axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(LABELS)), LABELS)
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set(xlabel="found", ylabel="true", title=f"accuracy {measured['metrics']['accuracy']:.2%}")


def reliability(axes: Axes, measured: Measured) -> None:
    """How often texts of a score are right; on the diagonal, scores mean what they say."""
    bins = measured["metrics"]["reliability"]
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":")
    sizes = [20 + 300 * found["texts"] / measured["metrics"]["texts"] for found in bins]
    places = [found["score"] for found in bins], [found["accuracy"] for found in bins]
    axes.plot(*places, color=BLUE, linewidth=1)
    axes.scatter(*places, s=sizes, color=BLUE)
    axes.set(xlim=(0.2, 1.02), ylim=(-0.02, 1.02), xlabel="score", ylabel="share that is right")
    axes.set_title(f"calibration error {measured['metrics']['ece']:.2%}; a dot's size: its texts")
    finish(axes)


def coverage(axes: Axes, measured: Measured) -> None:
    """How many of the answered texts are right, where the least sure ones are left unanswered."""
    curve = measured["metrics"]["coverage"]
    axes.plot([point["coverage"] for point in curve], [point["accuracy"] for point in curve], color=BLUE)
    point = at_coverage(curve, 0.9)
    axes.plot(point["coverage"], point["accuracy"], marker="o", color=RED)
    note = f"min_score {point['min_score']:.2f}\n{point['accuracy']:.1%} of {point['coverage']:.0%}"
    axes.annotate(
        note, (point["coverage"], point["accuracy"]), (-8, -8), textcoords="offset points", ha="right", va="top"
    )
    axes.set(xlim=(0, 1.02), xlabel="share of texts answered", ylabel="share of answers that is right")
    axes.set_title("leaving out the least sure")
    finish(axes)


def finish(axes: Axes) -> None:
    """Shares as percentages, and no box."""
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    axes.spines[["top", "right"]].set_visible(False)
