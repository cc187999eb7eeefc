"""Train a student on teachers' scores and the labels together. A killed training continues where it last saved.

    python -m modeling.distil DATA [DATA …] --teacher runs/teacher/best --run runs/student
    python -m modeling.distil AG_NEWS OUTLETS --teacher model_cache runs/teacher/best --run runs/student

A teacher scores the texts of each step as they come: the only one those of all DATA, or each those of one DATA, in the
same order. DATA is as for modeling.train.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from modeling import training_packages  # noqa: F401  # first: it says what to install

# isort: split

import torch
from torch import Tensor

from agnews.model.checkpoint import sha256
from modeling.classifiers import load, with_labels
from modeling.config import weights_file
from modeling.errors import TrainingError, exit_on_error
from modeling.train import data_of, option_parser, recipe_of, run, share
from modeling.trainer import Teacher


def teacher_in(folder: Path, labels: Sequence[str], max_length: int, device: str) -> Teacher:
    """Return the function that scores texts by the checkpoint in `folder`, in bfloat16. Raises SourceError."""
    classifier = with_labels(load(folder, max_length, device), labels, str(folder))
    model = classifier.model.bfloat16().eval()

    @torch.inference_mode()
    def scores(texts: Sequence[str]) -> Tensor:
        ids, mask = classifier.encode(texts)
        soft_labels: Tensor = model(input_ids=ids, attention_mask=mask).logits.float().softmax(1)
        return soft_labels

    return scores


@exit_on_error()
def main() -> None:
    """Run the command line that the module's docstring describes."""
    parser = option_parser(__doc__)
    add = parser.add_argument
    add(
        "--teacher",
        type=Path,
        nargs="+",
        required=True,
        metavar="FOLDER",
        help="a checkpoint, such as a run's best/: one for all DATA, or one for each",
    )
    add("--taught", type=share, default=0.7, metavar="SHARE", help="a teacher's share of the target; %(default)s")
    arguments = parser.parse_args()
    data = data_of(arguments)
    recipe = recipe_of(arguments, data)
    count = len(arguments.data)
    if len(arguments.teacher) not in (1, count):
        raise TrainingError(f"{len(arguments.teacher)} --teacher for {count} DATA; give one, or one for each")
    by_folder = {
        folder: teacher_in(folder, data[0].labels, arguments.max_length, arguments.device)
        for folder in arguments.teacher
    }
    folders = arguments.teacher if len(arguments.teacher) == count else arguments.teacher * count
    digests = tuple(sha256(weights_file(folder)) for folder in folders)
    teachers = [by_folder[folder] for folder in folders]
    run(arguments, replace(recipe, teachers=digests, taught=arguments.taught), data, teachers)


if __name__ == "__main__":
    main()
