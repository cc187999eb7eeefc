"""Measure cold start, one headline and lists for a checkpoint of DistilBERT-base's shape with random weights.

    python -m benchmarks.shapes [--rounds 5] [--texts 1000]

download_model.py bakes it once into build/benchmarks/base/. Times do not depend on the weights' values. A bias makes
one label certain, so that int8 and float32 agree, as baking requires.
"""

import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from agnews.labels import LABELS
from agnews.model.checkpoint import read_checkpoint
from agnews.settings import Settings
from benchmarks import cold, lists, warm
from benchmarks.command import parser, positive, setup_of
from benchmarks.contenders import ROOT
from benchmarks.convert import BUILD
from benchmarks.record import record

ROUNDS = 5
TEXTS = 1000
BASE = {"dim": 768, "hidden_dim": 3072, "n_layers": 6, "n_heads": 12}
CERTAIN = 5.0
"""Added to one label's logit."""


def main() -> None:
    """Run the command line that the module's docstring describes."""
    arguments = parser(__doc__, ROUNDS)
    arguments.add_argument("--texts", type=positive, default=TEXTS, help="in one event; default: %(default)s")
    options = arguments.parse_args()
    setup = replace(setup_of(options), model_dir=baked(BUILD / "base"))
    figures: dict[str, Any] = {
        "shape": BASE | {"revision": read_checkpoint(setup.model_dir).revision},
        "cold": cold.measured(setup),
        "warm": warm.measured(setup),
        "lists": lists.measured(setup, options.texts),
    }
    print(record("shapes", figures, setup.results))


def baked(folder: Path, shape: dict[str, int] = BASE) -> Path:
    """Return `folder` with a baked checkpoint of that shape in it. Raises CalledProcessError if baking fails."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as plain:
            write_random(Path(plain), shape)
            command = [sys.executable, "download_model.py", "--source", plain, "--target", str(folder)]
            subprocess.run([*command, "--name", "random/distilbert-base"], cwd=ROOT, check=True)  # noqa: S603
    return folder


def write_random(folder: Path, shape: dict[str, int]) -> None:
    """Write a DistilBERT classifier with random weights and the embedded checkpoint's tokenizer."""
    import torch
    from tokenizers import Tokenizer
    from transformers import DistilBertConfig, DistilBertForSequenceClassification

    torch.manual_seed(1)
    tokenizer = Tokenizer.from_file(str(Settings().model_dir / "tokenizer.json"))
    tokenizer.save(str(folder / "tokenizer.json"))
    config = DistilBertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        dim=shape["dim"],
        hidden_dim=shape["hidden_dim"],
        n_layers=shape["n_layers"],
        n_heads=shape["n_heads"],
        id2label={index: str(name) for index, name in enumerate(LABELS)},
        label2id={str(name): index for index, name in enumerate(LABELS)},
    )
    model = DistilBertForSequenceClassification(config)
    with torch.no_grad():
        model.classifier.bias[0] += CERTAIN
    model.save_pretrained(folder)


if __name__ == "__main__":
    main()
