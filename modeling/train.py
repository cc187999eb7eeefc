"""Train a classifier on labelled headlines. A killed training continues where it last saved.

    python -m modeling.train DATA [DATA …] --run runs/default
    python -m modeling.train DATA [DATA …] --run runs/teacher --start mpnet --steps 2400 --average 0.99

DATA is a folder with train*.csv, or OWNER/NAME of a data set on the hub. docs/training.md says what the files hold.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from transformers.utils import logging

from agnews.model.checkpoint import sha256
from modeling.classifiers import STARTS, load_start
from modeling.data import read_all
from modeling.distilbert import weights_file
from modeling.errors import TrainingError, exit_on_error
from modeling.recipe import Recipe
from modeling.trainer import Teacher, Trainer


def count(text: str) -> int:
    """Return a whole number of 1 or more. Raises ArgumentTypeError."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, found {text}")
    return int(text)


def positive(text: str) -> float:
    """Return a number above 0. Raises ArgumentTypeError."""
    if not 0 < float(text) < math.inf:
        raise argparse.ArgumentTypeError(f"expected a number above 0, found {text}")
    return float(text)


def share(text: str) -> float:
    """Return a number from 0 to 1. Raises ArgumentTypeError."""
    if not 0 <= float(text) <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, found {text}")
    return float(text)


def device(text: str) -> str:
    """Return the name of a device that torch can compute on. Raises ArgumentTypeError."""
    try:
        torch.zeros(1, device=text)
    except (RuntimeError, AssertionError) as error:  # an AssertionError: torch was built without CUDA
        raise argparse.ArgumentTypeError(f"cannot use {text!r} ({str(error).splitlines()[0]}); try cpu") from error
    return text


def option_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options of every training."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    add, default = parser.add_argument, "default %(default)s"
    add("data", nargs="+", metavar="DATA", help="a folder with train*.csv, or OWNER/NAME on the hub")
    add("--run", type=Path, required=True, metavar="FOLDER", help="where the training keeps its state and checkpoint")
    add("--start", default="minilm", help=f"{', '.join(STARTS)}, or a checkpoint's folder; {default}")
    add("--steps", type=count, default=6000, help=f"of one batch each; {default}")
    add("--batch", type=count, default=Recipe.batch, metavar="TEXTS", help=default)
    add("--learning-rate", type=positive, default=Recipe.learning_rate, metavar="RATE", help=default)
    add("--max-length", type=count, default=Recipe.max_length, metavar="TOKENS", help=f"at least 8; {default}")
    add("--weights", type=positive, nargs="+", metavar="WEIGHT", help="how often to draw from each DATA; default alike")
    add("--average", type=share, default=Recipe.average, metavar="DECAY", help=f"of the averaged weights; {default}")
    add("--seed", type=int, default=Recipe.seed, help=default)
    add("--device", type=device, default="cpu", help=f"cpu, cuda or cuda:1; {default}")
    add("--validate-every", type=count, default=500, metavar="STEPS", help=default)
    add("--save-every", type=count, default=100, metavar="STEPS", help=default)
    return parser


def recipe_of(arguments: argparse.Namespace) -> Recipe:
    """Return the recipe that the options ask for. Raises TrainingError for options that do not go together."""
    if arguments.max_length < 8:
        raise TrainingError(f"--max-length {arguments.max_length} is too short; give 8 or more")
    if arguments.weights and len(arguments.weights) != len(arguments.data):
        raise TrainingError(f"{len(arguments.weights)} --weights for {len(arguments.data)} DATA; give one for each")
    return Recipe(
        start=arguments.start,
        steps=arguments.steps,
        batch=arguments.batch,
        learning_rate=arguments.learning_rate,
        head_rate=10.0 if arguments.start in STARTS else 1.0,
        weights=tuple(arguments.weights or ()),
        average=arguments.average,
        max_length=arguments.max_length,
        seed=arguments.seed,
    )


def run(arguments: argparse.Namespace, recipe: Recipe, teachers: Sequence[Teacher] = ()) -> None:
    """Read the data and train. `teachers`: none, or one for each data set."""
    logging.disable_progress_bar()  # of transformers, which draws one for each file
    data = read_all(arguments.data)
    notes = [note for source in data for note in source.notes]
    print(*notes, sep="\n")
    torch.manual_seed(recipe.seed)  # for the weights of a new head
    classifier = load_start(recipe.start, recipe.max_length, arguments.device, arguments.run / "start")
    if recipe.start not in STARTS:
        recipe = replace(recipe, start_weights=sha256(weights_file(Path(recipe.start))))
    trainer = Trainer(recipe, data, arguments.run, classifier, teachers)
    rows = sum(len(source.training) for source in data)
    print(f"{rows:,} rows to train on; {recipe.steps:,} steps of {recipe.batch}")
    trainer.log(event="start", recipe=asdict(recipe), data=notes, threads=torch.get_num_threads())
    trainer.train(arguments.validate_every, arguments.save_every)


@exit_on_error()
def main() -> None:
    """Run the command line that the module's docstring describes."""
    arguments = option_parser(__doc__).parse_args()
    run(arguments, recipe_of(arguments))


if __name__ == "__main__":
    main()
