"""What the teachers say of each training text, or of new texts: what the student learns from beside the labels.

    python -m modeling.soft_labels DATA --teachers runs/teacher runs/teacher_again --output FILE
    python -m modeling.soft_labels DATA --teachers runs/teacher_whole --earlier FILE --output FILE
    python -m modeling.soft_labels DATA --new-texts-of RECIPE --students FOLDER FOLDER --output FILE
    python -m modeling.soft_labels DATA --new-texts-of RECIPE --teachers RUN --students FOLDER --sure 0.97 --output FILE

DATA is a folder of CSV files, or OWNER/NAME on the hub. Writes an .npz of `keys` (uint64 [n], the first eight bytes of
a text's sha256) and `logits` (float16 [n, 4]): no text can be read out of it. Several teachers' scores are averaged,
and with `--earlier` the mean with those of such a file. `--new-texts-of` asks about the new texts of a recipe instead;
checkpoints of the student are asked like teachers, or, with `--sure SCORE`, before them: teachers, which take several
times as long, say something only of those texts to whose best label the students give less.
Goes on after a kill where it last saved.
"""

import argparse
import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import AutoModelForSequenceClassification, PreTrainedModel

from modeling import data
from modeling.augment import new_texts_of
from modeling.bake import DEFAULT_LENGTH
from modeling.data import Row, View
from modeling.forward import forward, padded
from modeling.recipe import RECIPES, trained_on, weights_in
from modeling.teacher import MpnetClassifier

SOFT_LABELS = {
    "taught": Path("modeling/soft_labels.npz"),  # the first teacher's word
    "taught_again": Path("modeling/soft_labels_again.npz"),  # both teachers'
    "teacher_whole": Path("modeling/soft_labels_again.npz"),
    "teacher_four": Path("modeling/soft_labels_whole.npz"),  # the mean of these and of the teacher they taught
    "taught_augmented": Path("modeling/soft_labels_whole.npz"),
    "self_augmented": Path("modeling/soft_labels_whole.npz"),
    "teacher_five": Path("modeling/soft_labels_five.npz"),  # the mean of those and of the self-taught student's
    "taught_five": Path("modeling/soft_labels_five.npz"),
    "taught_agreeing": Path(
        "modeling/soft_labels_agreeing.npz"
    ),  # the fifth teacher's and the student's that it taught
}
"""What each recipe that is taught learns from."""
NEW_TEXTS = {
    "taught_augmented": Path("modeling/new_texts.npz"),  # the fourth teacher's word and taught_again's
    "self_augmented": Path("modeling/new_texts_self.npz"),  # taught_again's and taught_augmented's
    "taught_five": Path("modeling/new_texts_five.npz"),  # the fifth teacher's and self_augmented's
    "taught_agreeing": Path("modeling/new_texts_agreeing.npz"),  # the fifth teacher's and taught_five's
}
"""What the recipes with new texts learn from about these."""
CHUNK = 4096
"""Texts between two saves: some minutes at most on two cores."""


def key(text: str) -> int:
    """What stands for `text` in the file."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def texts_of(rows: Iterable[Row]) -> list[str]:
    """What the teachers are asked about: titles and full texts, and descriptions where nothing else survived.

    The shortest come first, so that what is done when somebody looks is the most.
    """
    asked = {
        row.views[view]: None for row in rows for view in row.views if view != "description" or len(row.views) == 1
    }
    return sorted(asked, key=lambda text: (len(text), text))


def stored(path: Path) -> dict[int, NDArray[np.float32]]:
    """Logits [4] by key, of a file that this module wrote. Raises SystemExit for what is no such file."""
    try:
        with path.open("rb") as file, np.load(file) as found:
            return dict(zip(found["keys"].tolist(), found["logits"].astype(np.float32), strict=True))
    except FileNotFoundError as error:
        raise SystemExit(
            f"error: there is no {path}; python -m modeling.soft_labels makes such files with trained teachers"
        ) from error
    except (AttributeError, EOFError, KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise SystemExit(f"error: {path} is no file of soft labels") from error


class SoftLabels:
    """What one file has of the teachers' word on texts."""

    def __init__(self, path: Path) -> None:
        logits = stored(path)
        self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        scores = torch.tensor(np.stack(list(logits.values()))).softmax(1)
        self._scores = dict(zip(logits, scores, strict=True))

    def of(self, row: Row, view: View) -> torch.Tensor | None:
        """Scores [4]: the mean over the text shown and the row's full text, of what the file has; None for neither.

        The full text decides what a title is about where the title alone cannot.
        """
        asked = {row.views[view], row.views.get("full", row.views[view])}
        found = [self._scores[key(text)] for text in asked if key(text) in self._scores]
        return torch.stack(found).mean(0) if found else None

    def known(self, texts: Iterable[str]) -> list[str]:
        """Those of `texts` that the file has something about, in their order."""
        return [text for text in texts if key(text) in self._scores]

    def of_texts(self, texts: Sequence[str]) -> torch.Tensor:
        """Scores [len(texts), 4] of known texts. Raises KeyError where one is not."""
        return torch.stack([self._scores[key(text)] for text in texts])


@torch.inference_mode()
def logits_of(model: PreTrainedModel, tokenizer: Tokenizer, texts: Sequence[str]) -> NDArray[np.float16]:
    """Logits [len(texts), 4] in their order, computed in batches of similar length under bfloat16 autocast."""
    ids = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    order = sorted(range(len(texts)), key=lambda index: len(ids[index]))
    logits = np.empty((len(texts), 4), np.float16)
    for start in range(0, len(order), 64):
        group = order[start : start + 64]
        logits[group] = forward(model, *padded([ids[index] for index in group])).numpy()
    return logits


def logits_from(folder: Path, parts: Path, texts: Sequence[str]) -> NDArray[np.float32]:
    """Logits [len(texts), 4] of the teacher or student in `folder`, kept part by part below `parts`."""
    asked = hashlib.sha256(weights_in(folder).read_bytes())
    asked.update("\0".join(texts).encode())
    parts /= asked.hexdigest()[:16]
    parts.mkdir(parents=True, exist_ok=True)
    student = json.loads((folder / "config.json").read_text())["model_type"] == "distilbert"
    model = (AutoModelForSequenceClassification if student else MpnetClassifier).from_pretrained(folder).float().eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(DEFAULT_LENGTH)  # the mean over tokens takes more of them than it was trained on
    for start in tqdm(range(0, len(texts), CHUNK), unit=f"{CHUNK} texts"):
        part = parts / f"{start:07d}.npy"
        if not part.exists():
            np.save(part.with_suffix(".tmp.npy"), logits_of(model, tokenizer, texts[start : start + CHUNK]))
            part.with_suffix(".tmp.npy").replace(part)
    return np.concatenate([np.load(part) for part in sorted(parts.glob("???????.npy"))]).astype(np.float32)


def averaged(words: Sequence[NDArray[np.float32]]) -> NDArray[np.float16]:
    """Logits [n, 4] of the mean of several teachers' scores, by their logits [n, 4]; a lone teacher's as they are."""
    if len(words) == 1:
        return words[0].astype(np.float16)
    scores = torch.stack([torch.from_numpy(logits).softmax(1) for logits in words]).mean(0)
    return scores.log().numpy().astype(np.float16)


def ask(
    teachers: Sequence[Path], students: Sequence[Path], parts: Path, texts: Sequence[str], sure: float = 1.0
) -> NDArray[np.float16]:
    """Logits [len(texts), 4]: the mean word of all these folders; of the students alone where they are sure.

    They are sure of a text where their mean score for one label is `sure` or more; with 1.0, never.
    """
    said = [logits_from(folder, parts, texts) for folder in students]
    if not students or sure >= 1:
        return averaged(said + [logits_from(folder, parts, texts) for folder in teachers])
    logits = averaged(said)
    (unsure,) = np.nonzero(torch.from_numpy(logits.astype(np.float32)).softmax(1).amax(1).numpy() < sure)
    if len(unsure):
        doubted = [texts[index] for index in unsure.tolist()]
        words = [logits_from(folder, parts, doubted) for folder in teachers]
        logits[unsure] = averaged([word[unsure] for word in said] + words)
    return logits


def earlier(path: Path, keys: NDArray[np.uint64]) -> NDArray[np.float32]:
    """Logits [len(keys), 4] that the file has for the texts of these keys.

    Raises:
        SystemExit: it has none for one of them.
    """
    found = stored(path)
    if not found.keys() >= set(keys.tolist()):
        raise SystemExit(f"error: {path} is of other texts")
    return np.stack([found[key] for key in keys.tolist()])


def asked_about(source: str, teachers: Sequence[Path], name: str | None) -> list[str]:
    """The training texts that `source` holds, or the new ones made of them for the recipe called `name`.

    Raises:
        SystemExit: a teacher is missing, or was trained on other rows.
    """
    recipe = RECIPES[name or "student"]
    told = [trained_on(run, source)[0] for run in teachers]
    if any(rows != told[0] for rows in told):
        raise SystemExit("error: the teachers were trained on different rows; name those of one data set")
    rows = told[0] if told else data.split(data.read_or_exit(source)[0], recipe.held_out, recipe.split_seed)[0]
    return new_texts_of(rows, recipe) if name else texts_of(rows)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    told = "runs of modeling.train, on the same rows"
    parser.add_argument("--teachers", type=Path, nargs="*", default=[], metavar="RUN", help=told)
    told = "checkpoints of the student, to ask as well"
    parser.add_argument("--students", type=Path, nargs="*", default=[], metavar="FOLDER", help=told)
    told = "ask about this recipe's new texts, not about the training texts"
    augmenting = [name for name, recipe in RECIPES.items() if recipe.augmented]
    parser.add_argument("--new-texts-of", choices=augmenting, metavar="RECIPE", help=told)
    told = "ask teachers only where the students' best score is lower than this"
    parser.add_argument("--sure", type=float, default=1.0, metavar="SCORE", help=told)
    parser.add_argument("--earlier", type=Path, metavar="FILE", help="soft labels to take the mean with")
    parser.add_argument("--output", type=Path, required=True, metavar="FILE")
    return parser


def main() -> None:
    """Command line: see the module's first lines."""
    arguments = _parser().parse_args()
    if not arguments.teachers and not arguments.students:
        raise SystemExit("error: name somebody to ask: --teachers RUN or --students FOLDER")
    if arguments.sure < 1 and not (arguments.teachers and arguments.students):
        raise SystemExit("error: --sure is about asking --teachers RUN less than --students FOLDER; name both")
    texts = asked_about(arguments.data, arguments.teachers, arguments.new_texts_of)
    if not texts:
        raise SystemExit(f"error: {arguments.data} leaves no rows to train on, so there is nothing to ask about")
    teachers = [run / "best" for run in arguments.teachers]
    for folder in (*teachers, *arguments.students):
        weights_in(folder)
    keys = np.array([key(text) for text in texts], np.uint64)
    before = [earlier(arguments.earlier, keys)] if arguments.earlier else []
    parts = arguments.output.with_suffix(".parts")
    logits = ask(teachers, arguments.students, parts, texts, arguments.sure)
    if before:
        logits = averaged([logits.astype(np.float32), *before])
    np.savez_compressed(arguments.output, keys=keys, logits=logits)
    shutil.rmtree(parts)
    print(f"{len(texts):,} texts in {arguments.output}")


if __name__ == "__main__":
    main()
