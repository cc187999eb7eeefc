"""What decides the trained weights, and the file in a run's folder that says so."""

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from modeling import data
from modeling.data import Row, View

RECIPE = "recipe.json"
"""In a run's folder: its recipe, and which rows it trains on."""
WEIGHTS = "model.safetensors"
"""In a checkpoint's folder, such as a run's best/."""

Start = Literal["minilm", "mpnet"]
"""The published weights that training starts from: those of the checkpoint, or of its teacher."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the trained weights, apart from the data and the machine's arithmetic."""

    start: Start = "minilm"
    pretrained: str = ""
    """The sha256 of the weights that training begins with, where these are others than the published ones."""
    seed: int = 20261123
    trained: int = 0
    """Epochs that the weights to begin with were trained for already: what is shown goes on from there."""
    epochs: int = 3
    batch: int = 32
    learning_rate: float = 6e-5
    head_rate: float = 1.0
    """The new head's learning rate, as a multiple of the others'."""
    warmup: float = 0.06
    weight_decay: float = 0.01
    label_smoothing: float = 0.03
    ema_decay: float = 0.999
    max_length: int = 112
    taught: float = 0.0
    """The share of the target that is the teachers' word (0 to 1); the rest is the label's."""
    bared: float = 0.0
    """The share of texts shown without the names of agencies and outlets."""
    dropout: float = 0.1
    """The teacher's; the student has DistilBERT's own 0.1."""
    shared_dropout: float = 0.0
    """The teacher's of whole channels of a text, the same for all its tokens."""
    frozen_layers: int = 0
    """How many of the lowest layers, and the embeddings with them, stay as published."""
    hidden: float = 0.0
    """The share of tokens, on average, that [MASK] stands for."""
    bfloat16: bool = False
    """Forward and backward on a bfloat16 copy of the weights, not under autocast: faster where a CPU has AMX."""
    agreement: float = 0.0
    """Weight of how far two passes over a text differ, each with dropout of its own (R-Drop)."""
    average_every: int = 1
    """Steps between two updates of the averaged weights, which take a while for a large model."""
    augmented: int = 0
    """New texts in all, spread over all epochs but the last of several; their target is the teachers' word alone."""
    augmented_full: float = 0.65
    """The share of them that are of the kind of full texts, not of titles."""
    augmented_seed: int = 20261125
    held_out: int = 2000
    split_seed: int = 20261123
    views: dict[View, float] = field(default_factory=lambda: {"title": 0.45, "full": 0.4, "description": 0.15})


_AUGMENTED = Recipe(
    batch=64,
    learning_rate=8e-5,
    label_smoothing=0.0,
    ema_decay=0.998,
    taught=0.8,
    bared=0.2,
    bfloat16=True,
    average_every=4,
    views={"title": 0.4, "full": 0.5, "description": 0.1},
)
_FOURTH = Recipe(  # another order of the texts, one epoch; taught by the three before it
    start="mpnet",
    seed=20261125,
    epochs=1,
    batch=64,
    learning_rate=5e-5,
    head_rate=10.0,
    label_smoothing=0.0,
    ema_decay=0.99,
    max_length=96,
    taught=0.7,
    bared=0.2,
    dropout=0.0,
    shared_dropout=0.05,
    hidden=0.05,
    bfloat16=True,
    average_every=4,
    views={"title": 0.4, "full": 0.55, "description": 0.05},
)
RECIPES: dict[str, Recipe] = {
    "student": Recipe(),
    "taught": Recipe(epochs=4, taught=0.6, bared=0.3),
    "taught_again": Recipe(  # by both teachers' mean
        trained=4, epochs=3, learning_rate=4e-5, label_smoothing=0.0, taught=0.7, bared=0.2
    ),
    "taught_augmented": replace(  # by the third teacher and the first two; on new texts by a fourth and its start
        _AUGMENTED, trained=7, epochs=3, learning_rate=1e-4, augmented=180_000
    ),
    "self_augmented": replace(  # on new texts by the two before it
        _AUGMENTED, trained=10, epochs=2, augmented=120_000, augmented_full=0.75, augmented_seed=20261126
    ),
    "taught_five": replace(  # by what the fifth teacher had learned from; on new texts by that teacher and its start
        _AUGMENTED, trained=12, epochs=3, taught=0.85, augmented=151_330, augmented_full=0.7, augmented_seed=20261127
    ),
    "taught_agreeing": replace(  # by the fifth teacher and its start, two passes over each text
        _AUGMENTED,
        trained=15,
        epochs=2,
        learning_rate=5e-5,
        taught=0.92,
        agreement=1.0,
        augmented=60_000,
        augmented_full=0.8,
        augmented_seed=20261128,
    ),
    "teacher": Recipe(
        start="mpnet",
        epochs=1,
        learning_rate=4e-5,
        head_rate=25.0,
        label_smoothing=0.0,
        ema_decay=0.99,
        max_length=64,
        dropout=0.0,  # one epoch sees every text once
        frozen_layers=6,
        views={"title": 0.5, "full": 0.5, "description": 0.0},
    ),
    "teacher_again": Recipe(
        start="mpnet",
        trained=1,
        epochs=1,
        learning_rate=3e-5,
        label_smoothing=0.0,
        ema_decay=0.995,
        max_length=80,
        frozen_layers=6,
        views={"title": 0.5, "full": 0.5, "description": 0.0},
    ),
    "teacher_whole": Recipe(  # no layer frozen; taught by the two before it
        start="mpnet",
        epochs=2,
        learning_rate=3e-5,
        head_rate=10.0,
        label_smoothing=0.0,
        ema_decay=0.995,
        max_length=96,
        taught=0.4,
        bared=0.2,
        dropout=0.0,
        shared_dropout=0.1,
        views={"title": 0.5, "full": 0.5, "description": 0.0},
    ),
    "teacher_four": _FOURTH,
    "teacher_five": replace(  # a second epoch for the fourth
        _FOURTH,
        trained=1,
        learning_rate=4e-5,
        head_rate=1.0,
        taught=0.6,
        hidden=0.08,
        views={"title": 0.4, "full": 0.6, "description": 0.0},
    ),
}


def weights_in(folder: Path) -> Path:
    """The weights of the checkpoint in `folder`. Raises SystemExit where there are none."""
    path = folder / WEIGHTS
    if not path.is_file():
        raise SystemExit(f"error: there is no {path}; a run has its best/ after its first epoch")
    return path


def trained_on(run: Path, source: str) -> tuple[list[Row], list[Row]]:
    """(training, validation) rows of `run`, read anew from what it was trained on.

    Raises:
        SystemExit: nothing was trained there, or by another version, or `source` cannot be read, or holds other rows.
    """
    path = run / RECIPE
    if not path.exists():
        raise SystemExit(f"there is no {path}; train first: python -m modeling.train {source} --run {run}")
    claimed = json.loads(path.read_text())
    try:
        recipe = Recipe(**claimed["recipe"])
    except TypeError as error:
        raise SystemExit(f"{path} is of another version of this code: {error}") from error
    training, validation = data.split(data.read_or_exit(source)[0], recipe.held_out, recipe.split_seed)
    if data.digest(training) != claimed["sha256"]:
        raise SystemExit(f"{run} was trained on other rows than {source} holds; name its own data")
    return training, validation
