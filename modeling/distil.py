"""Train a student on a teacher's scores and the labels together. Goes on after a kill.

    python -m modeling.distil DATA [DATA …] --teacher runs/teacher/best --run runs/student --start model_cache

The teacher scores the texts of each step as they come. DATA is as for modeling.train.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from modeling.classifiers import WEIGHTS, load
from modeling.train import parser, recipe_of, run
from modeling.trainer import Teacher


def teacher_in(folder: Path, max_length: int, device: str) -> Teacher:
    """What scores texts by the checkpoint in `folder`, in bfloat16. Raises SystemExit where there is none."""
    classifier = load(str(folder), max_length, device, folder)
    model = classifier.model.bfloat16().eval()

    @torch.inference_mode()
    def scores(texts: Sequence[str]) -> Tensor:
        ids, mask = classifier.encode(texts)
        softened: Tensor = model(input_ids=ids, attention_mask=mask).logits.float().softmax(1)
        return softened

    return scores


def main() -> None:
    """Command line: see the module's first lines."""
    options = parser(__doc__, "minilm", 6000)
    options.add_argument(
        "--teacher", type=Path, required=True, metavar="FOLDER", help="a checkpoint: the best/ of a run"
    )
    options.add_argument(
        "--taught", type=float, default=0.7, metavar="SHARE", help="the teacher's of the target; %(default)s"
    )
    arguments = options.parse_args()
    teacher = teacher_in(arguments.teacher, arguments.max_length, arguments.device)
    sha256 = hashlib.sha256((arguments.teacher / WEIGHTS).read_bytes()).hexdigest()
    run(arguments, recipe_of(arguments, teacher=sha256, taught=arguments.taught), teacher)


if __name__ == "__main__":
    main()
