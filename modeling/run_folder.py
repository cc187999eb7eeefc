"""What a bake reads of a training's folder, beside the checkpoint in its `best`, and what it says without it."""

from pathlib import Path

from agnews.api.columns import ColumnNames
from agnews.api.request import read_item
from agnews.errors import InputError
from agnews.settings import Settings

RECIPE = "recipe.json"
"""In a run's folder: its recipe, and the number and hash of the rows it trains on and of those to choose by."""
HEADLINES, METRICS = "headlines.txt", "metrics.json"
"""The files that `modeling.calibrate` writes: the first in a run's folder, the second in its `best`."""


def read_headlines(path: Path) -> tuple[str, ...]:
    """Return the texts of a file, without rows that have none. Raises InputError if no row has one, or without it."""
    if path.name == HEADLINES and not path.exists() and (path.parent / RECIPE).exists():
        raise InputError(f"there is no {path}; calibrate first: {_command(path.parent)}")
    from agnews.cli.files.sources import open_source  # the command line, which is not where images are baked

    with open_source(path, ColumnNames()) as source:
        items = [read_item(row.value, Settings()) for row in source.rows if row.error is None]
    texts = tuple(item.text for item in items if item.text is not None)
    if not texts:
        raise InputError(f"{path} has no headlines; give one per line, or a column 'headline', 'title' or 'text'")
    return texts


def note_if_uncalibrated(folder: Path) -> str | None:
    """Return a line on the temperature of a run's checkpoint `folder`, unless one was fitted, or it is of no run."""
    if (folder / METRICS).exists() or not (folder.parent / RECIPE).exists():
        return None
    return f"note: the temperature is 1.0, as none was fitted; to fit one: {_command(folder.parent)}"


def _command(run: Path) -> str:
    return f"python -m modeling.calibrate DATA --run {run} (DATA and its columns as in the training)"
