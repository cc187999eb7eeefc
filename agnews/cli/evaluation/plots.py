"""An evaluation as plots."""

import io
import warnings
from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from agnews.cli.evaluation.measurement import Measurement
from agnews.cli.evaluation.metrics import OutOfScope, ReliabilityBin, at_coverage, wilson_interval

matplotlib.use("Agg")

ACCENT, CONTRAST, GREY, INK = "#1b4f7d", "#b4501e", "#a8a8a8", "#333333"
MIN_BIN_TEXTS = 20
"""A reliability bin with fewer texts is drawn together with the next: its interval alone would say nothing."""
MARKED_COVERAGE = 0.9
SMALL_TOPICS, SMALL_CHARS = 5, 10
"""A confusion matrix of at most so many topics with names of at most so many characters needs little room."""
MATRIX_INCHES, CELL_INCHES, LABELS_INCHES = 4.0, 0.18, 2.5
"""The least side of another matrix and of its cells, and what the names of the topics and the title take."""
FONT_SHARES = 0.38, 0.55
"""Font sizes there, of counts and of names, as shares of a cell's side; none is larger than FONT, in points."""
FONT = 10
LABEL_CHARS = 24
"""Longer names are cut."""


def draw_measurement(measurement: Measurement, title: str) -> bytes:
    """Return the confusion matrix, the reliability diagram and the coverage curve as one PNG file.

    They are side by side, but a matrix that needs more room is above the other two and as large as it needs to be.
    """
    figure, left, middle, right = make_figure(list(measurement["metrics"]["classes"]))
    texts = f"{measurement['metrics']['texts']:,} texts"
    draw_confusion(left, measurement)
    draw_reliability(middle, measurement)
    if "out_of_scope" in measurement:
        texts += f" in scope, {measurement['out_of_scope']['texts']:,} out of scope"
        draw_both_scopes(right, measurement["out_of_scope"], least_score(measurement))
    else:
        draw_coverage(right, measurement)
    figure.suptitle(f"{title}: {texts}, {measurement['engine']} engine", fontweight="bold")
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph .* missing from font")  # of a label: a box is drawn in its place
        figure.savefig(stream, format="png", dpi=110, metadata={"Software": None})
    return stream.getvalue()


def is_small(topics: Sequence[str]) -> bool:
    """Return whether the confusion matrix of these topics needs little room."""
    return len(topics) <= SMALL_TOPICS and max(map(len, topics)) <= SMALL_CHARS


def cell_side(topics: Sequence[str]) -> float:
    """Return the side of a cell in inches, in a confusion matrix that needs more room."""
    return max(CELL_INCHES, MATRIX_INCHES / len(topics))


def make_figure(topics: Sequence[str]) -> tuple[Figure, Axes, Axes, Axes]:
    """Return a figure with room for the confusion matrix of the topics, and its three parts, the matrix first."""
    if is_small(topics):
        figure = Figure(figsize=(12, 4), layout="constrained")
        left, middle, right = figure.subplots(1, 3)
        return figure, left, middle, right
    side = cell_side(topics) * len(topics) + LABELS_INCHES
    figure = Figure(figsize=(max(12, side), side + 4), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=(side, 4))
    return figure, figure.add_subplot(grid[0, :]), figure.add_subplot(grid[1, 0]), figure.add_subplot(grid[1, 1])


def draw_confusion(axes: Axes, measurement: Measurement) -> None:
    """Draw true labels by row and predicted ones by column; the shade is the share of the row."""
    counts = np.array(measurement["metrics"]["confusion"])
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=LinearSegmentedColormap.from_list("accent", ["white", ACCENT]), vmin=0, vmax=1)
    topics = list(measurement["metrics"]["classes"])
    small = is_small(topics)
    count_font, name_font = (FONT if small else min(FONT, share * 72 * cell_side(topics)) for share in FONT_SHARES)
    for row, column in np.argwhere(counts + small):  # without the zeros, unless it is small
        colour = "white" if shares[row, column] > 0.5 else INK
        count = f"{counts[row, column]:,}"
        axes.text(column, row, count, ha="center", va="center", color=colour, fontsize=count_font, in_layout=small)
    names = list(map(shortened, topics))
    axes.set_xticks(range(len(names)), names, fontsize=name_font, rotation=0 if small else 90)
    axes.set_yticks(range(len(names)), names, fontsize=name_font)
    axes.set(xlabel="predicted label", ylabel="true label")
    axes.set_title(f"Accuracy {measurement['metrics']['accuracy']:.2%}")


def shortened(label: str) -> str:
    """Return the label, cut if it is long, as it is drawn: a dollar sign would begin a formula."""
    text = label if len(label) <= LABEL_CHARS else f"{label[: LABEL_CHARS - 1]}…"
    return text.replace("$", r"\$")


def least_score(measurement: Measurement) -> float:
    """Return where the axis of scores begins: a little below the least that the best of the topics can have."""
    return 0.8 / len(measurement["metrics"]["classes"])


def draw_reliability(axes: Axes, measurement: Measurement) -> None:
    """Draw the accuracy of texts of similar score with its interval; scores are calibrated on the diagonal."""
    bins = merged_bins(measurement["metrics"]["reliability"])
    scores, accuracies = [group["score"] for group in bins], [group["accuracy"] for group in bins]
    intervals = [wilson_interval(round(group["accuracy"] * group["texts"]), group["texts"]) for group in bins]
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfectly calibrated")
    lows, highs = np.array(intervals).reshape(-1, 2).T
    axes.vlines(scores, lows, highs, color=ACCENT, label="95% interval")
    axes.scatter(scores, accuracies, color=ACCENT, zorder=3)
    axes.set(xlim=(least_score(measurement), 1.02), ylim=(0, 1.02), ylabel="accuracy")
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


def merged_bins(bins: list[ReliabilityBin]) -> list[ReliabilityBin]:
    """Return the bins from the highest score down, each joined with the next until it has MIN_BIN_TEXTS.

    A last one with fewer is left out, unless it is the only one.
    """
    merged: list[ReliabilityBin] = []
    for group in reversed(bins):
        if not merged or merged[-1]["texts"] >= MIN_BIN_TEXTS:
            merged.append(group)
            continue
        last = merged.pop()
        texts = last["texts"] + group["texts"]
        share = group["texts"] / texts
        merged.append(
            {
                "texts": texts,
                "score": last["score"] * (1 - share) + group["score"] * share,
                "accuracy": last["accuracy"] * (1 - share) + group["accuracy"] * share,
            }
        )
    return [group for group in merged if group["texts"] >= MIN_BIN_TEXTS] or merged


def draw_both_scopes(axes: Axes, measured: OutOfScope, least: float) -> None:
    """Draw by `min_score` what is answered in scope and right of it, and what is answered out of scope."""
    for points, style in ((measured["curve"], "-"), (measured["thresholds"], "o")):
        min_scores = [point["min_score"] for point in points]
        accuracy = np.array([point["accuracy"] for point in points], np.float64)  # None becomes NaN, which is not drawn
        axes.plot(min_scores, accuracy, style, color=ACCENT, markersize=4)
        axes.plot(min_scores, [point["in_scope"] for point in points], style, color=GREY, markersize=4)
        axes.plot(min_scores, [point["out_of_scope"] for point in points], style, color=CONTRAST, markersize=4)
    labels = ("in scope: right", "in scope: answered", "out of scope: answered")
    axes.legend(axes.lines[:3], labels, loc="center", bbox_to_anchor=(0.58, 0.6), frameon=False, fontsize=9)
    axes.set(xlim=(least, 1.02), ylim=(0, 1.02), xlabel="min_score")
    axes.set_title(f"Abstention (AUROC {measured['auroc']:.3f})")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    axes.spines[["top", "right"]].set_visible(False)


def format_axes(axes: Axes) -> None:
    """Write shares as percentages and remove the box."""
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    axes.spines[["top", "right"]].set_visible(False)
