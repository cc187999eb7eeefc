"""Measure what reading texts as a person does (agnews.api.normalise) adds to the time that a list takes.

python -m benchmarks.normalising [--texts 1000]

Times are of one thread's CPU, so that other processes hardly matter.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

from agnews.api.normalise import normalise
from agnews.model.classifier import load
from agnews.settings import Settings
from benchmarks.record import record
from modeling.headlines import headlines

ROUNDS = 5
MARKUP = '<p><a href="https://example.com/{}">{}</a>&nbsp;&mdash; <b>more</b></p>'


def main() -> None:
    """Run the command line that the module's docstring describes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1000, help="in the list; default: %(default)s")
    texts = headlines(parser.parse_args().texts, seed=2)
    marked_up = [MARKUP.format(number, text) for number, text in enumerate(texts)]
    tagged = [f"{text} - Reuters" for text in texts]
    classifier = load(Settings(workers=1))
    classifying = seconds(lambda: classifier.classify(texts))
    kinds = {"plain texts": texts, "texts with an outlet's name": tagged, "texts in markup": marked_up}
    shares = {kind: seconds(partial(normalised, listed)) / classifying for kind, listed in kinds.items()}
    print(record("normalising", {"texts": len(texts), "share_of_classifying": shares}))


def normalised(texts: Sequence[str]) -> list[str]:
    """Return the texts as the model reads them."""
    return list(map(normalise, texts))


def seconds(function: Callable[[], object]) -> float:
    """Return the median seconds of this process's CPU time that a call takes."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return median(times)


if __name__ == "__main__":
    main()
