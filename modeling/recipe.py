"""What decides the trained weights, and the file in a run's folder that says so."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from modeling.data import View

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


def recipe_of(run: Path) -> Recipe:
    """The recipe that `run` was trained by. Raises SystemExit where nothing was trained."""
    try:
        return Recipe(**json.loads((run / RECIPE).read_text())["recipe"])
    except FileNotFoundError:
        raise SystemExit(
            f"there is no {run / RECIPE}; train first: python -m modeling.train DATA --run {run}"
        ) from None
