"""What the teachers say of each training text: the file that the student learns from beside the labels.

    python -m modeling.soft_labels FOLDER_OF_CSV|OWNER/NAME --teachers runs/teacher runs/teacher_again --output FILE

Writes an .npz of `keys` (uint64 [n], the first eight bytes of a text's sha256) and `logits` (float16 [n, 4]): no text
can be read out of it. Several teachers' scores are averaged. Goes on after a kill where it last saved.
"""

import argparse
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from tqdm import tqdm

from modeling.bake import DEFAULT_LENGTH
from modeling.data import Row, View
from modeling.forward import forward, padded
from modeling.recipe import trained_on
from modeling.teacher import MpnetClassifier

SOFT_LABELS = {
    "taught": Path("modeling/soft_labels.npz"),  # the first teacher's word
    "taught_again": Path("modeling/soft_labels_again.npz"),  # both teachers'
}
"""What each recipe that is taught learns from."""
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


class SoftLabels:
    """The teachers' word on the texts of one file."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise SystemExit(
                f"error: there is no {path}; python -m modeling.soft_labels makes it with trained teachers"
            )
        self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        with np.load(path) as stored:
            logits = torch.from_numpy(stored["logits"].astype(np.float32))
            self._scores = dict(zip(stored["keys"].tolist(), logits.softmax(1), strict=True))

    def of(self, row: Row, view: View) -> torch.Tensor | None:
        """Scores [4]: the mean over the text shown and the row's full text, of what the file has; None for neither.

        The full text decides what a title is about where the title alone cannot.
        """
        asked = {row.views[view], row.views.get("full", row.views[view])}
        found = [self._scores[key(text)] for text in asked if key(text) in self._scores]
        return torch.stack(found).mean(0) if found else None


@torch.inference_mode()
def logits_of(model: MpnetClassifier, tokenizer: Tokenizer, texts: Sequence[str]) -> NDArray[np.float16]:
    """Logits [len(texts), 4] in their order, computed in batches of similar length under bfloat16 autocast."""
    ids = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    order = sorted(range(len(texts)), key=lambda index: len(ids[index]))
    logits = np.empty((len(texts), 4), np.float16)
    for start in range(0, len(order), 64):
        group = order[start : start + 64]
        logits[group] = forward(model, *padded([ids[index] for index in group])).numpy()
    return logits


def word_of(run: Path, texts: Sequence[str]) -> NDArray[np.float32]:
    """Logits [len(texts), 4] of the teacher trained in `run`, kept there part by part."""
    best, parts = run / "best", run / "soft_labels"
    model = MpnetClassifier.from_pretrained(best).eval()  # type: ignore[no-untyped-call]
    tokenizer = Tokenizer.from_file(str(best / "tokenizer.json"))
    tokenizer.enable_truncation(DEFAULT_LENGTH)  # the mean over tokens takes more of them than it was trained on
    parts.mkdir(exist_ok=True)
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


def main() -> None:
    """Command line: see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    told = "runs of modeling.train, on the same rows"
    parser.add_argument("--teachers", type=Path, nargs="+", required=True, metavar="RUN", help=told)
    parser.add_argument("--output", type=Path, required=True, metavar="FILE")
    arguments = parser.parse_args()
    training = [trained_on(run, arguments.data)[0] for run in arguments.teachers]
    if any(rows != training[0] for rows in training):
        raise SystemExit("the teachers were trained on different rows; name those of one data set and seed")
    texts = texts_of(training[0])
    logits = averaged([word_of(run, texts) for run in arguments.teachers])
    keys = np.array([key(text) for text in texts], np.uint64)
    np.savez_compressed(arguments.output, keys=keys, logits=logits)
    print(f"{len(texts):,} texts in {arguments.output}")


if __name__ == "__main__":
    main()
