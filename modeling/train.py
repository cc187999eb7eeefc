"""Train a classifier on labelled headlines. A killed training continues where it last saved.

    python -m modeling.train FILE.csv --label-column section --text-column headline --run runs/mine
    python -m modeling.train DATA [DATA …] --run runs/default
    python -m modeling.train DATA [DATA …] --run runs/teacher --start mpnet --steps 2400 --average 0.99

FILE has labels of its own. DATA is a folder with train*.csv, or OWNER/NAME of a data set on the hub, and has AG News'
topics. docs/training.md says what the files hold.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from modeling import training_packages  # noqa: F401  # first: it says what to install

# isort: split

import torch
from transformers.utils import logging

from agnews.model.checkpoint import sha256
from modeling import labelled_file
from modeling.classifiers import STARTS, load_start
from modeling.config import weights_file
from modeling.data import Data, read_all
from modeling.errors import TrainingError, exit_on_error
from modeling.labelled_file import FileColumns
from modeling.recipe import FILE_AVERAGE, FILE_BATCH, FILE_RATE, Recipe, usual_recipe
from modeling.trainer import Teacher, Trainer

VALIDATE_EVERY, LEAST_VALIDATIONS = 500, 5
"""Steps between two validations, at most, and how many validations a training has, at least."""
HELD_OUT_FILE = "held_out.csv"
"""In a run's folder: a file's rows that were not trained on, for `agnews evaluate`."""


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


def start(text: str) -> str:
    """Return one of STARTS or the path of a folder. Raises ArgumentTypeError."""
    if text not in STARTS and not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"expected {', '.join(STARTS)} or a checkpoint's folder, found {text}")
    return text


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
    add_data_options(parser)
    add, default = parser.add_argument, "default %(default)s"
    add("--run", type=Path, required=True, metavar="FOLDER", help="where the training keeps its state and checkpoint")
    add("--start", type=start, default="minilm", help=f"{', '.join(STARTS)}, or a checkpoint's folder; {default}")
    by_rows = "for a file by its number of rows"
    add("--steps", type=count, help=f"of one batch each; default {Recipe.steps}, {by_rows}")
    add("--batch", type=count, metavar="TEXTS", help=f"default {Recipe.batch}, for a file {FILE_BATCH}")
    rate = f"default {Recipe.learning_rate}, for a file {FILE_RATE}"
    add("--learning-rate", type=positive, metavar="RATE", help=rate)
    add("--max-length", type=count, default=Recipe.max_length, metavar="TOKENS", help=f"at least 8; {default}")
    add("--weights", type=positive, nargs="+", metavar="WEIGHT", help="how often to draw from each DATA; default alike")
    averaged = f"of the averaged weights; default {Recipe.average}, for a file {FILE_AVERAGE}"
    add("--average", type=share, metavar="DECAY", help=averaged)
    add("--seed", type=int, default=Recipe.seed, help=default)
    add("--device", type=device, default="cpu", help=f"cpu, cuda or cuda:1; {default}")
    validated = f"default {VALIDATE_EVERY}, and {LEAST_VALIDATIONS} times or more"
    add("--validate-every", type=count, metavar="STEPS", help=validated)
    add("--save-every", type=count, default=100, metavar="STEPS", help=default)
    return parser


def add_data_options(parser: argparse.ArgumentParser) -> None:
    """Add what says which rows are read, and how."""
    add = parser.add_argument
    add("data", nargs="+", metavar="DATA", help="a file, a folder with train*.csv, or OWNER/NAME on the hub")
    add("--label-column", metavar="NAME", help="of a file, which holds the labels; default label, topic or category")
    add("--text-column", metavar="NAME", help="of a file, which holds the texts; default headline, title or text")
    add("--encoding", help="of a file; default as its first bytes show")


def data_of(arguments: argparse.Namespace) -> list[Data]:
    """Return what the options of `add_data_options` name. Raises AgNewsError as `modeling.data.read_all` does."""
    columns = FileColumns(arguments.label_column, arguments.text_column, arguments.encoding)
    return read_all(arguments.data, columns)


def recipe_of(arguments: argparse.Namespace, data: Sequence[Data]) -> Recipe:
    """Return the recipe that the options ask for. Raises TrainingError for options that do not go together."""
    if arguments.max_length < 8:
        raise TrainingError(f"--max-length {arguments.max_length} is too short; give 8 or more")
    if arguments.weights and len(arguments.weights) != len(arguments.data):
        raise TrainingError(f"{len(arguments.weights)} --weights for {len(arguments.data)} DATA; give one for each")
    chosen = {name: getattr(arguments, name) for name in ("steps", "batch", "learning_rate", "average")}
    return replace(
        usual_recipe(data),
        **{name: value for name, value in chosen.items() if value is not None},
        start=arguments.start,
        head_rate=10.0 if arguments.start in STARTS else 1.0,
        weights=tuple(arguments.weights or ()),
        max_length=arguments.max_length,
        seed=arguments.seed,
    )


def run(arguments: argparse.Namespace, recipe: Recipe, data: Sequence[Data], teachers: Sequence[Teacher] = ()) -> None:
    """Train. `teachers`: none, or one for each data set."""
    logging.disable_progress_bar()  # of transformers, which draws one for each file
    logging.set_verbosity_error()  # it reports the pooler of MiniLM, which is not used
    notes = [note for source in data for note in source.notes]
    print(*notes, sep="\n")
    torch.manual_seed(recipe.seed)  # for the weights of a new head
    unpacked = arguments.run / "start"
    classifier = load_start(recipe.start, data[0].labels, recipe.max_length, arguments.device, unpacked)
    if recipe.start not in STARTS:
        recipe = replace(recipe, start_weights=sha256(weights_file(Path(recipe.start))))
    trainer = Trainer(recipe, data, arguments.run, classifier, teachers)
    if data[0].is_file:
        labelled_file.write(arguments.run / HELD_OUT_FILE, data[0].validation, data[0].labels)
    rows = sum(len(source.training) for source in data)
    print(f"{rows:,} rows to train on; {recipe.steps:,} steps of {recipe.batch}")
    trainer.log(event="start", recipe=asdict(recipe), data=notes, threads=torch.get_num_threads())
    trainer.train(
        arguments.validate_every or min(VALIDATE_EVERY, -(-recipe.steps // LEAST_VALIDATIONS)), arguments.save_every
    )


@exit_on_error()
def main() -> None:
    """Run the command line that the module's docstring describes."""
    arguments = option_parser(__doc__).parse_args()
    data = data_of(arguments)
    run(arguments, recipe_of(arguments, data), data)


if __name__ == "__main__":
    main()
