"""Measure what would bring the int8 model closer to torch on other outlets' headlines, in scope and out of it.

python -m benchmarks.parity CSV [--texts 2000]   with labels and headlines, as for `agnews evaluate`

The variants with 8-bit weights are not for use: their sums overflow on CPUs without VNNI.
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from agnews.api.normalise import normalise
from agnews.cli.evaluation.examples import LabelColumns, read_examples
from agnews.settings import Settings
from benchmarks.quantisation import agreement, built
from benchmarks.record import record
from modeling import export, graph, reference
from modeling.bake import CALIBRATION_TEXTS, DEFAULT_LENGTH
from modeling.headlines import headlines
from modeling.parity import reference_logits, token_ids


@contextmanager
def eight_bits() -> Iterator[None]:
    """Round weights to 8 bits instead of 7."""
    with patch.object(graph, "WEIGHT_LIMIT", 127):
        yield


@contextmanager
def by_token() -> Iterator[None]:
    """Give each token its own scale before every product, and weights 8 bits."""

    def by_row(writer: Any, value: str, weight: Any, _: Any, bias: Any) -> str:
        product: str = writer.graph.product_by_row(value, weight, bias)
        return product

    with eight_bits(), patch.object(export._Writer, "_within", by_row):
        yield


VARIANTS: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "baked: 7-bit weights": nullcontext,
    "8-bit weights": eight_bits,
    "8-bit weights, all scales by token": by_token,
}


def main() -> None:
    """Run the command line that the module's docstring describes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path)
    parser.add_argument("--texts", type=int, default=2000, help="of each kind at most; default: %(default)s")
    arguments = parser.parse_args()
    examples = read_examples(arguments.csv, LabelColumns(), Settings()).examples
    kinds = {
        "in scope": [normalise(example.title) for example in examples if example.label is not None],
        "out of scope": [normalise(example.title) for example in examples if example.label is None],
    }
    print(record("parity", compared({kind: spread(texts, arguments.texts) for kind, texts in kinds.items()})))


def spread(texts: Sequence[str], number: int) -> list[str]:
    """Return at most `number` of the texts, evenly spread."""
    return list(texts[:: -(-len(texts) // number)])


def compared(kinds: dict[str, list[str]]) -> dict[str, Any]:
    """Return each variant's agreement with torch on each kind of texts."""
    source = reference.read(Settings().model_dir)
    source.tokenizer.enable_truncation(DEFAULT_LENGTH)
    calibration = token_ids(source.tokenizer, headlines(CALIBRATION_TEXTS, seed=1))
    ids = {kind: token_ids(source.tokenizer, texts) for kind, texts in kinds.items()}
    expected = {kind: reference_logits(source.model, texts) for kind, texts in ids.items()}
    variants: dict[str, dict[str, Any]] = {}
    for name, changed in VARIANTS.items():
        with tempfile.TemporaryDirectory() as folder, changed():
            model = built(source.model, calibration, export.Quantisation(), Path(folder))
        variants[name] = {}
        for kind, logits in expected.items():
            figures = agreement(model, ids[kind], logits, np.zeros(len(logits), dtype=np.int64))
            figures.pop("accuracy")
            variants[name][kind] = figures
    return {"texts": {kind: len(texts) for kind, texts in kinds.items()}, "variants": variants}


if __name__ == "__main__":
    main()
