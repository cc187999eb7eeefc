"""Train a student on a teacher's scores and the labels together. A killed training continues where it last saved.

    python -m modeling.distil DATA [DATA …] --teacher runs/teacher/best --run runs/student

The teacher scores the texts of each step as they come. DATA is as for modeling.train.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from agnews.model.checkpoint import sha256
from modeling.classifiers import load
from modeling.distilbert import weights_file
from modeling.errors import exit_on_error
from modeling.train import option_parser, recipe_of, run, share
from modeling.trainer import Teacher


def teacher_in(folder: Path, max_length: int, device: str) -> Teacher:
    """Return the function that scores texts by the checkpoint in `folder`, in bfloat16. Raises SourceError."""
    classifier = load(folder, max_length, device)
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
    parser.add_argument("--teacher", type=Path, required=True, metavar="FOLDER", help="a checkpoint: a run's best/")
    parser.add_argument(
        "--taught", type=share, default=0.7, metavar="SHARE", help="the teacher's share of the target; %(default)s"
    )
    arguments = parser.parse_args()
    recipe = recipe_of(arguments)
    teacher = teacher_in(arguments.teacher, arguments.max_length, arguments.device)
    digest = sha256(weights_file(arguments.teacher))
    run(arguments, replace(recipe, teacher=digest, taught=arguments.taught), teacher)


if __name__ == "__main__":
    main()
