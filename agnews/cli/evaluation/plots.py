"""An evaluation as plots."""

import io

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from agnews.cli.evaluation.measurement import Measurement
from agnews.cli.evaluation.metrics import OutOfScope, at_coverage, wilson_interval
from agnews.labels import LABELS

matplotlib.use("Agg")

ACCENT, CONTRAST, GREY, INK = "#1b4f7d", "#b4501e", "#a8a8a8", "#333333"
MIN_BIN_TEXTS = 20
"""Reliability bins with fewer texts are left out: their intervals are too wide to say anything."""
MARKED_COVERAGE = 0.9
SCOPE_LABELS = ("in scope: right, of the answers", "out of scope: answered")


def draw_measurement(measurement: Measurement, title: str) -> bytes:
    """Return the confusion matrix, the reliability diagram and the coverage curve side by side, as one PNG file."""
    figure = Figure(figsize=(12, 4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    texts = f"{measurement['metrics']['texts']:,} texts"
    draw_confusion(left, measurement)
    draw_reliability(middle, measurement)
    if "out_of_scope" in measurement:
        texts += f" in scope, {measurement['out_of_scope']['texts']:,} out of scope"
        draw_both_scopes(right, measurement["out_of_scope"])
    else:
        draw_coverage(right, measurement)
    figure.suptitle(f"{title}: {texts}, {measurement['engine']} engine", fontweight="bold")
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()


def draw_confusion(axes: Axes, measurement: Measurement) -> None:
    """Draw true labels by row and predicted ones by column; the shade is the share of the row."""
    counts = np.array(measurement["metrics"]["confusion"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=LinearSegmentedColormap.from_list("accent", ["white", ACCENT]), vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        colour = "white" if shares[row, column] > 0.5 else INK
        axes.text(column, row, f"{counts[row, column]:,}", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(LABELS)), LABELS)
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set(xlabel="predicted label", ylabel="true label")
    axes.set_title(f"Accuracy {measurement['metrics']['accuracy']:.2%}")


def draw_reliability(axes: Axes, measurement: Measurement) -> None:
    """Draw the accuracy of texts of similar score with its interval; scores are calibrated on the diagonal."""
    bins = [group for group in measurement["metrics"]["reliability"] if group["texts"] >= MIN_BIN_TEXTS]
    scores, accuracies = [group["score"] for group in bins], [group["accuracy"] for group in bins]
    intervals = [wilson_interval(round(group["accuracy"] * group["texts"]), group["texts"]) for group in bins]
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfectly calibrated")
    lows, highs = np.array(intervals).reshape(-1, 2).T
    axes.vlines(scores, lows, highs, color=ACCENT, label="95% interval")
    axes.scatter(scores, accuracies, color=ACCENT, zorder=3)
    axes.set(xlim=(0.2, 1.02), ylim=(0, 1.02), ylabel="accuracy")
    axes.set_xlabel(f"score, in bins of at least {MIN_BIN_TEXTS} texts")
    axes.legend(loc="lower right", frameon=False, fontsize=9)
    axes.set_title(f"Calibration error {measurement['metrics']['ece']:.2%} (lower is better)")
    format_axes(axes)


def draw_coverage(axes: Axes, measurement: Measurement) -> None:
    """Draw the accuracy of the answered texts by their share, the lowest scores left unanswered first."""
    curve = measurement["metrics"]["coverage"]
    axes.plot([point["coverage"] for point in curve], [point["accuracy"] for point in curve], color=ACCENT)
    point = at_coverage(curve, MARKED_COVERAGE)
    place = point["coverage"], point["accuracy"]
    axes.plot(*place, marker="o", color=ACCENT)
    note = f"min_score {point['min_score']:.2f}:\n{point['coverage']:.0%} answered,\n{point['accuracy']:.1%} right"
    axes.annotate(note, place, (-10, -4), textcoords="offset points", ha="right", va="top", color=INK)
    axes.set(xlim=(0, 1.02), xlabel="share of texts answered", ylabel="accuracy of the answers")
    axes.set_title("Abstention (higher is better)")
    format_axes(axes)


def draw_both_scopes(axes: Axes, measured: OutOfScope) -> None:
    """Draw what is right in scope and what is answered out of scope by the share answered in scope."""
    for points, style in ((measured["curve"], "-"), (measured["thresholds"], ".")):
        answered = [point["in_scope"] for point in points]
        accuracy = np.array([point["accuracy"] for point in points], np.float64)  # None becomes NaN, which is not drawn
        axes.plot(answered, accuracy, style, color=ACCENT)
        axes.plot(answered, [point["out_of_scope"] for point in points], style, color=CONTRAST)
    for point in measured["thresholds"]:
        place = point["in_scope"], point["out_of_scope"]
        axes.annotate(f"{point['min_score']:g}", place, (5, 0), textcoords="offset points", va="center", color=INK)
    axes.legend(axes.lines[:2], SCOPE_LABELS, loc="upper left", bbox_to_anchor=(0, 0.85), frameon=False, fontsize=9)
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel="share answered in scope, by min_score")
    axes.set_title(f"Abstention: AUROC {measured['auroc']:.3f} (higher is better)")
    format_axes(axes)


def format_axes(axes: Axes) -> None:
    """Write shares as percentages and remove the box."""
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    axes.spines[["top", "right"]].set_visible(False)
