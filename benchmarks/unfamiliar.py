"""Measure how often headlines of other languages are answered as unfamiliar, and how often English ones are.

python -m benchmarks.unfamiliar [CSV …]   with labels and English headlines, as for `agnews evaluate`
"""

import argparse
import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

from agnews.api.normalise import normalise
from agnews.cli.evaluation.examples import LabelColumns, read_examples
from agnews.model.checkpoint import read_checkpoint
from agnews.model.encode import Encoder
from agnews.settings import Settings
from benchmarks.record import QUALITY, record

TEST_DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
ENGLISH = TEST_DATA / "modern_headlines.csv"
OTHER_LANGUAGES = TEST_DATA / "other_languages.csv"


class Share(TypedDict):
    """How many of some headlines are unfamiliar."""

    headlines: int
    unfamiliar: int


def main() -> None:
    """Run the command line that the module's docstring describes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("english", nargs="*", type=Path, metavar="CSV")
    encoder = Encoder(read_checkpoint(Settings().model_dir))
    english = {
        f"{path.parent.name}/{path.name}": share(encoder, english_headlines(path))
        for path in (ENGLISH, *parser.parse_args().english)
    }
    languages = {language: share(encoder, texts) for language, texts in other_headlines().items()}
    print(record("unfamiliar", {"english": english, "languages": languages}, QUALITY))


def english_headlines(path: Path) -> list[str]:
    """Return the titles of a file that `agnews evaluate` reads, whatever their labels."""
    return [example.title for example in read_examples(path, LabelColumns(), Settings()).examples]


def other_headlines() -> dict[str, list[str]]:
    """Return headlines by language."""
    texts = defaultdict(list)
    with OTHER_LANGUAGES.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            texts[row["language"]].append(row["text"])
    return texts


def share(encoder: Encoder, texts: Sequence[str]) -> Share:
    """Return how many of the texts are unfamiliar."""
    encoded = encoder.encode([normalise(text) for text in texts])
    return {"headlines": len(texts), "unfamiliar": sum(text.unfamiliar for text in encoded)}


if __name__ == "__main__":
    main()
