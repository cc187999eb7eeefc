"""What the benchmarks' plots have in common."""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from agnews.cli.info import machine
from benchmarks.contenders import CONTENDERS

BLUE, GREY, RED, GREEN, YELLOW, PURPLE = "#4477aa", "#888888", "#ee6677", "#228833", "#ccbb44", "#aa3377"
COLOURS = dict(
    zip((each.name for each in CONTENDERS), (GREY, RED, GREEN, YELLOW, PURPLE, "#66ccee", BLUE, "#99aacc"), strict=True)
)
TITLES = {each.name: each.title for each in CONTENDERS}


def figure_of(width: float = 8, height: float = 3.4) -> tuple[Figure, Axes]:
    """An empty figure and its axes, without a box, the machine named below."""
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    facts = machine()
    figure.supxlabel(f"{facts['cpu']}, {facts['cpus']} CPUs", x=1, ha="right", fontsize=6, color=GREY)
    return figure, axes


def bars(axes: Axes, figures: Mapping[str, float], form: str, note: Mapping[str, str] | None = None) -> None:
    """One bar per contender, the first on top, its figure (as `form` says) and note beside it."""
    names = list(figures)
    colours = [COLOURS.get(name, "#bbbbbb") for name in names]
    axes.barh(range(len(names)), [figures[name] for name in names], color=colours)
    axes.set_yticks(range(len(names)), [TITLES.get(name, name) for name in names], fontsize=8)
    axes.invert_yaxis()
    for place, name in enumerate(names):
        beside = " " + form.format(figures[name]) + (note or {}).get(name, "")
        axes.text(figures[name], place, beside, va="center", fontsize=8)
    axes.margins(x=0.15)


def saved(figure: Figure, path: Path) -> None:
    """Returns when the figure lies at `path`, as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130, metadata={"Software": None})
