"""Draws plots from the JSON files that the benchmarks wrote: ours in one colour, the others in grey, the best on top.

    python -m benchmarks.plots [--results results/speed] [--quality results/quality]

Nothing is measured again: the plots that are there are redrawn. A benchmark draws its own after it has measured.
"""

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from agnews.cli.evaluation.plots import ACCENT, GREY, INK
from agnews.cli.evaluation.report_folder import REPORT_JSON, draw_views
from benchmarks.contenders import CONTENDERS, ONNX, PIPELINE, TUTORIAL
from benchmarks.record import QUALITY, SPEED

Record = Mapping[str, Any]
"""A benchmark's JSON file."""

TITLES = {contender.name: contender.title for contender in CONTENDERS}
OURS = {contender.name for contender in CONTENDERS if contender.ours}
DOLLARS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1)
"""Ticks of the cost axis."""
COST_LINES = (
    (PIPELINE.name, "single", "pipeline, one by one"),
    (ONNX.name, "single", "onnx, one by one"),
    (PIPELINE.name, "list", "pipeline, lists"),
    (ONNX.name, "list", "onnx, lists"),
)
"""Engine, way and label of each line of the cost plot."""


@dataclass(frozen=True)
class Bars:
    """What a bar chart shows."""

    title: str
    values: Mapping[str, float]
    """By contender; names of no contender are left out."""
    form: str
    """How a value is written, as str.format takes it."""
    higher_is_better: bool = False
    notes: Mapping[str, str] = field(default_factory=dict)
    """Text beside a contender's value."""
    floor: tuple[str, float] | None = None
    """The least that is possible: what it is, and its value."""


def main() -> None:
    """Run the command line that the module's docstring describes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=SPEED, metavar="FOLDER", help="of benchmarks")
    parser.add_argument("--quality", type=Path, default=QUALITY, metavar="FOLDER", help="of reports of agnews evaluate")
    arguments = parser.parse_args()
    for picture in sorted(arguments.results.rglob("*.png")):
        print(draw(picture.with_suffix(".json")))
    for path in sorted(arguments.quality.glob(f"*/{REPORT_JSON}")):
        for view, picture in draw_views(json.loads(path.read_text(encoding="utf-8"))).items():
            path.with_name(f"{view}.png").write_bytes(picture)
            print(path.with_name(f"{view}.png"))


def draw(path: Path) -> Path:
    """Draw the benchmark's JSON file at `path` and return the PNG file beside it."""
    figure = PLOTS[path.stem](json.loads(path.read_text(encoding="utf-8")))
    picture = path.with_suffix(".png")
    figure.savefig(picture, dpi=130, metadata={"Software": None})
    return picture


def cold(record: Record) -> Figure:
    """Return the bars of cold starts."""
    slower = record["times_ours"].get(TUTORIAL.name)
    notes = {TUTORIAL.name: f", {slower['median']:.0f} × ours, onnx"} if slower else {}
    return cold_bars("Cold start", notes, record)


def cold_empty_cache(record: Record) -> Figure:
    """Return the bars of cold starts with an empty page cache, what each reads from disk in words."""
    notes = {name: f", {size / 1e6:,.0f} MB from disk" for name, size in record["read_bytes"].items()}
    return cold_bars("Cold start, empty page cache", notes, record)


def cold_bars(title: str, notes: Mapping[str, str], record: Record) -> Figure:
    """Return the bars of seconds from process start to first answer."""
    bars = Bars(
        title=f"{title}: seconds to first answer",
        values=record["seconds"],
        form="{:.2f} s",
        notes=notes,
        floor=("bare imports, session and one run", record["seconds"]["floor"]),
    )
    return bar_chart(bars, record)


def warm(record: Record) -> Figure:
    """Return the bars of single headlines: the median of each contender, its 99th percentile in words."""
    bars = Bars(
        title="One headline, warm, in process: median milliseconds",
        values=record["p50_ms"],
        form="{:.1f} ms",
        notes={name: f", p99 {value:.1f} ms" for name, value in record["p99_ms"].items()},
        floor=("a bare tokenizer and session.run", record["p50_ms"][record["floor"]]),
    )
    return bar_chart(bars, record)


def lists(record: Record) -> Figure:
    """Return the bars of lists: the rate of each contender, its peak memory in words."""
    bars = Bars(
        title=f"{record['texts']:,} {texts_of(record)} in one event: texts per second",
        values=record["texts_per_s"],
        form="{:,.0f}/s",
        higher_is_better=True,
        notes={name: f", peak {size / 1e6:,.0f} MB" for name, size in record["peak_bytes"].items()},
    )
    return bar_chart(bars, record)


def texts_of(record: Record) -> str:
    """Return what the list's texts are."""
    joined = record.get("headlines_per_text", 1)
    return "headlines" if joined == 1 else f"texts of {joined} headlines"


def cost(record: Record) -> Figure:
    """Return the lines of dollars per million headlines by memory, lists solid and single headlines dashed."""
    figure, axes = canvas("Dollars per million headlines, x86_64 (lower is better)", record)
    for engine, way, label in COST_LINES:
        rows = [row for row in record["table"] if (row["engine"], row["way"]) == (engine, way)]
        if not rows:
            continue
        memory, dollars = zip(*((row["memory_mb"], row["dollars_per_million"]) for row in rows), strict=True)
        colour = ACCENT if engine == ONNX.name else GREY
        axes.plot(memory, dollars, "--" if way == "single" else "-", color=colour)
        filled = [colour if row["how"].startswith("measured") else "white" for row in rows]
        axes.scatter(memory, dollars, color=filled, edgecolors=colour, zorder=3)
        axes.annotate(label, (memory[-1], dollars[-1]), (8, 0), textcoords="offset points", va="center", color=INK)
    axes.set_xticks(memory, [f"{size:,}" for size in memory])
    axes.set(yscale="log", xlabel="memory, MB; hollow: scaled from the measured time of whole vCPUs")
    axes.set_yticks(DOLLARS, [f"${value:g}" for value in DOLLARS])
    axes.minorticks_off()
    return figure


PLOTS: dict[str, Callable[[Record], Figure]] = {
    "cold": cold,
    "cold_empty_cache": cold_empty_cache,
    "warm": warm,
    "lists": lists,
    "lists_joined": lists,
    "cost": cost,
}
"""How to draw NAME.json of results/speed/, by its name."""


def bar_chart(bars: Bars, record: Record) -> Figure:
    """Return one bar per contender, the best on top."""
    values = {name: value for name, value in bars.values.items() if name in TITLES}
    names = sorted(values, key=values.__getitem__, reverse=bars.higher_is_better)
    figure, axes = canvas(f"{bars.title} ({'higher' if bars.higher_is_better else 'lower'} is better)", record)
    colours = [ACCENT if name in OURS else GREY for name in names]
    axes.barh(range(len(names)), [values[name] for name in names], color=colours)
    axes.set_yticks(range(len(names)), [TITLES[name] for name in names])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    for place, name in enumerate(names):
        label = " " + bars.form.format(values[name]) + bars.notes.get(name, "")
        weight = "bold" if name == ONNX.name else "normal"
        axes.text(values[name], place, label, va="center", fontsize=9, fontweight=weight, color=INK)
    axes.set_xlim(0, 1.4 * max(values.values()))
    axes.set_ylim(len(names) - 0.5, -0.5 if bars.floor is None else -1.3)
    if bars.floor is not None:
        draw_floor(axes, *bars.floor, bars.form)
    return figure


def draw_floor(axes: Axes, meaning: str, value: float, form: str) -> None:
    """Draw the floor as a dashed line, named above the bars."""
    axes.axvline(value, color=INK, linestyle="--", linewidth=1)
    axes.text(value, -0.9, f" floor: {meaning}, {form.format(value)}", va="center", fontsize=9, color=INK)


def canvas(title: str, record: Record) -> tuple[Figure, Axes]:
    """Return an empty figure under its title, the machine and threads named below."""
    figure = Figure(figsize=(8, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    figure.suptitle(title, x=0.01, ha="left", fontsize=11, fontweight="bold", color=INK)
    machine = record["machine"]
    threads = f", {record['threads']} threads" if "threads" in record else ""
    below = f"{machine['cpu'].replace('(R)', '')}, {machine['cpus']} CPUs{threads}"
    figure.supxlabel(below, x=0.99, ha="right", fontsize=7, color=INK)
    return figure, axes


if __name__ == "__main__":
    main()
