"""What decides a training's weights, and the file in a run's folder that says so."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from modeling.data import Data
from modeling.errors import TrainingError
from modeling.rows import digest
from modeling.run_folder import RECIPE

FILE_EPOCHS, FILE_LEAST_STEPS = 4, 100
"""How often a training shows each row of a file, and how many steps it has at least."""
FILE_BATCH, FILE_RATE, FILE_AVERAGE = 32, 2e-4, 0.98


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the trained weights, apart from the data and the machine's arithmetic."""

    start: str = "minilm"
    steps: int = 6000
    start_weights: str = ""
    """sha256 of the weights in the folder `start`; empty for published ones."""
    batch: int = 64
    learning_rate: float = 5e-5
    head_rate: float = 1.0
    """The head's learning rate, as a multiple of the others'."""
    warmup: float = 0.06
    weight_decay: float = 0.01
    smoothing: float = 0.06
    """How much of a label's target goes to all topics alike."""
    out_of_scope: float = 0.22
    """The share of texts that are about none of the topics; their target is the same score for each topic."""
    out_of_scope_weight: float = 0.5
    """How much such a text counts in the loss (outlier exposure, Hendrycks et al. 2019)."""
    weights: tuple[float, ...] = ()
    """How often each data set is drawn from, relative to the others; all alike where empty."""
    average: float = 0.998
    """Decay of the averaged weights, which are what is validated and kept."""
    max_length: int = 64
    teachers: tuple[str, ...] = ()
    """sha256 of the weights of each data set's teacher."""
    taught: float = 0.0
    """The share of the target that is a teacher's scores; the rest is the label's."""
    seed: int = 20261128


def usual_recipe(data: Sequence[Data]) -> Recipe:
    """Return the recipe for folders, or for a file that for small data."""
    if not all(part.is_file for part in data):
        return Recipe()
    rows = sum(len(part.training) for part in data)
    steps = -(-FILE_EPOCHS * rows // FILE_BATCH)
    return Recipe(
        steps=max(FILE_LEAST_STEPS, min(Recipe.steps, steps)),
        batch=FILE_BATCH,
        learning_rate=FILE_RATE,
        average=FILE_AVERAGE,
    )


def claim(run: Path, recipe: Recipe, data: Sequence[Data]) -> None:
    """Write `recipe.json`, or check that it says the same. Raises TrainingError for another recipe or other rows."""
    path = run / RECIPE
    content = json.dumps({"recipe": asdict(recipe), "data": _rows_of(data)}, indent=2) + "\n"
    if not path.exists():
        path.with_suffix(".tmp").write_text(content)
        path.with_suffix(".tmp").replace(path)
    started, asked = _read(run), json.loads(content)
    if started["data"] != asked["data"]:  # a file's number of rows decides the usual steps, so rows come first
        raise TrainingError(f"{run} was started with other rows; choose another --run, or delete that folder")
    if started != asked:
        changed = [name for name, value in asked["recipe"].items() if started["recipe"].get(name) != value]
        raise TrainingError(
            f"{run} was started with other {', '.join(changed)}; "
            "give the same ones, choose another --run, or delete that folder"
        )


def check_rows(run: Path, data: Sequence[Data]) -> None:
    """Return if `run` was trained on `data` and chose by it. Raises TrainingError if not, or without a run there."""
    if _read(run)["data"] != _rows_of(data):
        raise TrainingError(f"{run} was trained on other rows; name the same DATA in the same order")


def _read(run: Path) -> dict[str, Any]:
    path = run / RECIPE
    try:
        content: dict[str, Any] = json.loads(path.read_text())
        dict(content["recipe"]), list(content["data"])
    except FileNotFoundError as error:
        raise TrainingError(f"there is no {path}; train first: python -m modeling.train DATA --run {run}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise TrainingError(f"{path} is not a recipe ({error}); choose another --run, or delete {run}") from error
    return content


def _rows_of(data: Sequence[Data]) -> list[dict[str, object]]:
    facts = []
    for part in data:
        rows = {"training": part.training, "validation": part.validation}
        entry: dict[str, object] = {name: {"rows": len(part), "sha256": digest(part)} for name, part in rows.items()}
        facts.append(entry | ({"labels": list(part.labels)} if part.is_file else {}))
    return facts
