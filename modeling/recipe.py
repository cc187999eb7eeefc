"""What decides the trained weights, and the file in a run's folder that says so."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from modeling import data
from modeling.data import Row, View

RECIPE = "recipe.json"
"""In a run's folder: its recipe, and which rows it trains on."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the trained weights, apart from the data and the machine's arithmetic."""

    seed: int = 20261123
    epochs: int = 3
    batch: int = 32
    learning_rate: float = 6e-5
    warmup: float = 0.06
    weight_decay: float = 0.01
    label_smoothing: float = 0.03
    ema_decay: float = 0.999
    max_length: int = 112
    held_out: int = 2000
    views: dict[View, float] = field(default_factory=lambda: {"title": 0.45, "full": 0.4, "description": 0.15})


def held_out(run: Path, source: str) -> list[Row]:
    """The validation rows of `run`, read anew from what it was trained on.

    Raises:
        SystemExit: nothing was trained there, or `source` cannot be read, or holds other rows now.
    """
    path = run / RECIPE
    if not path.exists():
        raise SystemExit(f"there is no {path}; train first: python -m modeling.train {source} --run {run}")
    claimed = json.loads(path.read_text())
    recipe = Recipe(**claimed["recipe"])
    training, validation = data.split(data.read_or_exit(source)[0], recipe.held_out, recipe.seed)
    if data.digest(training) != claimed["sha256"]:
        raise SystemExit(f"{run} was trained on other rows than {source} holds; name its own data")
    return validation
