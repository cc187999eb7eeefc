"""Train a classifier on labelled headlines. Goes on after a kill.

    python -m modeling.train DATA [DATA …] --run runs/default
    python -m modeling.train DATA [DATA …] --run runs/teacher --start mpnet --steps 3000 --learning-rate 3e-5

DATA is a folder with train*.csv, or OWNER/NAME of a data set on the hub; modeling/data.py says what the files hold.
"""

import argparse
from pathlib import Path

import torch

from modeling.classifiers import STARTS, load
from modeling.data import Data, read_all_or_exit
from modeling.trainer import Recipe, Teacher, Trainer


def parser(description: str | None, start: str, steps: int) -> argparse.ArgumentParser:
    """The options that every training has."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+", metavar="DATA", help="a folder with train*.csv, or OWNER/NAME on the hub")
    parser.add_argument("--run", type=Path, required=True, metavar="FOLDER", help="where the training is kept")
    parser.add_argument("--start", default=start, help=f"{', '.join(STARTS)}, or a checkpoint's folder; %(default)s")
    parser.add_argument("--steps", type=int, default=steps, help="of one batch each; default %(default)s")
    parser.add_argument("--batch", type=int, default=Recipe.batch, metavar="TEXTS", help="default %(default)s")
    parser.add_argument("--learning-rate", type=float, default=Recipe.learning_rate, help="default %(default)s")
    parser.add_argument(
        "--max-length", type=int, default=Recipe.max_length, metavar="TOKENS", help="default %(default)s"
    )
    parser.add_argument("--weights", type=float, nargs="+", help="how often each DATA is drawn from; default alike")
    parser.add_argument("--average", type=float, default=Recipe.average, metavar="DECAY", help="default %(default)s")
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:1; default %(default)s")
    parser.add_argument("--validate-every", type=int, default=500, metavar="STEPS", help="default %(default)s")
    parser.add_argument("--save-every", type=int, default=100, metavar="STEPS", help="default %(default)s")
    return parser


def recipe_of(arguments: argparse.Namespace, **more: object) -> Recipe:
    """The recipe that the options ask for. Raises SystemExit for options that fit nothing."""
    counts = (arguments.steps, arguments.batch, arguments.validate_every, arguments.save_every)
    if min(counts) < 1 or arguments.max_length < 8:
        raise SystemExit("error: steps, batch and intervals must be 1 or more, --max-length 8 or more")
    if arguments.weights and len(arguments.weights) != len(arguments.data):
        raise SystemExit("error: give as many --weights as DATA")
    options = {
        name: getattr(arguments, name)
        for name in ("start", "steps", "batch", "learning_rate", "max_length", "average", "seed")
    }
    head_rate = 10.0 if arguments.start in STARTS else 1.0
    return Recipe(
        **options,
        head_rate=head_rate,
        weights=tuple(arguments.weights or ()),
        **more,  # type: ignore[arg-type]
    )


def run(arguments: argparse.Namespace, recipe: Recipe, teacher: Teacher | None = None) -> None:
    """Read the data and train."""
    data = read_all_or_exit(arguments.data)
    for part in data:
        print(*part.notes, sep="\n")
    try:
        classifier = load(recipe.start, recipe.max_length, arguments.device, arguments.run / "start")
    except ImportError as error:  # the published weights are packages of their own
        raise SystemExit(f"error: {error}") from error
    trainer = Trainer(recipe, data, arguments.run, classifier, teacher)
    print(f"{_rows(data):,} rows to train on; {recipe.steps:,} steps of {recipe.batch}")
    trainer.log(event="start", data=[part.notes for part in data], threads=torch.get_num_threads())
    trainer.train(arguments.validate_every, arguments.save_every)


def _rows(data: list[Data]) -> int:
    return sum(len(part.training) for part in data)


def main() -> None:
    """Command line: see the module's first lines."""
    arguments = parser(__doc__, "minilm", 6000).parse_args()
    run(arguments, recipe_of(arguments))


if __name__ == "__main__":
    main()
