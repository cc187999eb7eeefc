"""Measure time per headline as events grow from 10 to 10,000 headlines and texts from 8 to 128 tokens.

python -m benchmarks.growth [--rounds 5] [--most 10000]
"""

import random
from typing import Any

import numpy as np

from agnews.model.checkpoint import read_checkpoint
from agnews.model.encode import Encoder
from benchmarks.command import Setup, parser, positive, setup_of
from benchmarks.contenders import ONNX
from benchmarks.process import Process, running
from benchmarks.record import record
from benchmarks.rounds import interleaved, medians
from modeling.headlines import headlines

ROUNDS = 5
COUNTS = (10, 30, 100, 300, 1_000, 3_000, 10_000)
LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128)
LENGTH_TEXTS = 64
LEAST_TEXTS = 64
"""Small events are repeated until they hold this many texts together: 10 alone would be all noise."""


def main() -> None:
    """Run the command line that the module's docstring describes."""
    arguments = parser(__doc__, ROUNDS)
    arguments.add_argument(
        "--most", type=positive, default=COUNTS[-1], help="headlines per event; default: %(default)s"
    )
    options = arguments.parse_args()
    setup = setup_of(options)
    figures = measured(setup, options.most)
    print(record("growth", figures, setup.results, setup.model_dir), figures["most_over_least"], figures["line"])


def measured(setup: Setup, most: int = COUNTS[-1], length_texts: int = LENGTH_TEXTS) -> dict[str, Any]:
    """Return milliseconds per headline by event size and by tokens, with a straight line through the latter."""
    by_length = {length: of_length(setup, length, length_texts) for length in LENGTHS}
    texts = headlines(most)
    with running(ONNX, setup) as process:
        process.answer({"texts": headlines(100, seed=1)})
        runs = {f"{n} texts": lambda n=n: per_text(process, texts[:n]) for n in COUNTS if n <= most}
        runs |= {f"{n} tokens": lambda n=n: per_text(process, by_length[n]) for n in by_length}
        seconds = medians(interleaved(runs, setup.rounds))
    counts = {n: seconds[f"{n} texts"] * 1000 for n in COUNTS if n <= most}
    lengths = {n: seconds[f"{n} tokens"] * 1000 for n in by_length}
    return {
        "what": "milliseconds per headline",
        "threads": setup.threads,
        "by_event_size": counts,
        "most_over_least": max(counts.values()) / min(counts.values()),
        "by_tokens": lengths,
        "line": line(lengths),
    }


def per_text(process: Process, texts: list[str]) -> float:
    """Return seconds per headline, over as many equal events as hold LEAST_TEXTS headlines together."""
    times = -(-LEAST_TEXTS // len(texts))
    reply = process.answer(*[{"texts": texts}] * times)
    return sum(reply.seconds) / times / len(texts)


def of_length(setup: Setup, tokens: int, count: int) -> list[str]:
    """Return `count` random texts of exactly `tokens` tokens, including [CLS] and [SEP]."""
    encoder = Encoder(read_checkpoint(setup.model_dir))
    words = sorted({word for text in headlines(300) for word in text.split() if word.isalpha()})
    whole = [word for word, encoded in zip(words, encoder.encode(words), strict=True) if len(encoded.ids) == 3]
    chance = random.Random(tokens)
    return [" ".join(chance.choices(whole, k=tokens - 2)) for _ in range(count)]


def line(points: dict[int, float]) -> dict[str, float]:
    """Return the least-squares line through milliseconds by tokens, and the share of variance it explains."""
    tokens, ms = np.array(list(points)), np.array(list(points.values()))
    slope, start = np.polyfit(tokens, ms, 1)
    left = float(((ms - slope * tokens - start) ** 2).sum() / ((ms - ms.mean()) ** 2).sum())
    return {"ms_per_token": float(slope), "ms_at_zero": float(start), "r_squared": 1 - left}


if __name__ == "__main__":
    main()
