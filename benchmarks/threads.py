"""Compare threads within a run with concurrent callers, for a list and for single headlines.

python -m benchmarks.threads [--texts 1000]
"""

import argparse
import os
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from agnews.model.checkpoint import read_checkpoint
from agnews.model.classifier import group_by_length
from agnews.model.encode import Encoder
from agnews.model.engines.onnx import OnnxEngine, run, run_each, session
from agnews.settings import Settings
from benchmarks.record import record
from benchmarks.rounds import interleaved, medians, ratio
from modeling.headlines import headlines

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

ROUNDS = 9
SINGLE_TEXTS = 100
MOST_TOKENS = (64, 128, 256, 512, 1024)
THREADS = "threads within a run"

Texts = list[list[int]]
"""Token ids."""
Runs = Mapping[str, Callable[[], float]]


def main() -> None:
    """Run the command line that the module's docstring describes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1000)
    checkpoint = read_checkpoint(Settings().model_dir)
    texts = headlines(parser.parse_args().texts)
    ids = [encoded.ids for encoded in Encoder(checkpoint).encode(texts)]
    path, threads = checkpoint.path("model.onnx"), len(os.sched_getaffinity(0))
    of_lists = interleaved(lists(path, ids, threads), ROUNDS)
    of_singles = interleaved(singles(path, ids[:SINGLE_TEXTS], threads), ROUNDS)
    figures = {
        "texts": len(ids),
        "threads": threads,
        "list_texts_per_s": {name: len(ids) / seconds for name, seconds in medians(of_lists).items()},
        "callers_over_threads": ratio(of_lists, THREADS, "callers at once"),
        "single_ms": {name: 1000 * seconds for name, seconds in medians(of_singles).items()},
        "threads_over_one": ratio(of_singles, "one thread", THREADS),
    }
    print(record("threads", figures), figures)


def lists(path: Path, ids: Texts, threads: int) -> Runs:
    """Return ways to compute a list; calling one returns its seconds."""
    single, spread = session(path), session(path, threads)
    parts = grouped(ids, OnnxEngine.max_tokens)
    ways: dict[str, Callable[[], float]] = {
        "one thread, one text to a run": lambda: duration(lambda: run_each(single, ids)),
        "one thread": partial(together, single, parts, 1),
        THREADS: partial(together, spread, parts, 1),
        "callers at once": partial(together, single, parts, threads),
        f"callers at once, {THREADS}": partial(together, spread, parts, threads),
    }
    for most in MOST_TOKENS:
        ways[f"callers at once, {most} tokens to a run"] = partial(together, single, grouped(ids, most), threads)
    return ways


def singles(path: Path, ids: Texts, threads: int) -> Runs:
    """Return ways to compute single headlines; calling one returns the median seconds of a headline."""
    return {
        "one thread": partial(one_by_one, session(path), ids),
        THREADS: partial(one_by_one, session(path, threads), ids),
    }


def grouped(ids: Texts, most_tokens: int) -> list[Texts]:
    """Return the texts of each run."""
    groups = group_by_length([len(row) for row in ids], most_tokens, pads=False)
    return [[ids[index] for index in group] for group in groups]


def together(model: "InferenceSession", parts: Sequence[Texts], callers: int) -> float:
    """Return seconds for all parts with that many callers."""
    with ThreadPoolExecutor(callers) as pool:
        return duration(lambda: list(pool.map(partial(run, model), parts)))


def one_by_one(model: "InferenceSession", ids: Texts) -> float:
    """Return the median seconds of a text."""
    return median(duration(partial(run, model, [row])) for row in ids)


def duration(work: Callable[[], object]) -> float:
    """Return how long `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
