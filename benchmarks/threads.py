"""Threads within a run against callers at once, for a list and for headlines that come one by one.

python -m benchmarks.threads [--texts 1000]
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from agnews.checkpoint import read_checkpoint
from agnews.classifier import groups
from agnews.encode import Encoder
from agnews.engines.onnx import OnnxEngine, run, run_each, session
from agnews.settings import Settings
from benchmarks.record import record
from benchmarks.rounds import interleaved, medians, ratio
from modeling.headlines import headlines

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

ROUNDS = 9
SINGLE_TEXTS = 100


def main() -> None:
    """Command line: see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1000)
    arguments = parser.parse_args()
    checkpoint = read_checkpoint(Settings().model_dir)
    ids = [encoded.ids for encoded in Encoder(checkpoint).encode(headlines(arguments.texts))]
    threads = len(os.sched_getaffinity(0))
    path = checkpoint.path("model.onnx")
    single, spread = session(path), session(path, threads)
    parts = [[ids[i] for i in group] for group in groups([len(row) for row in ids], OnnxEngine.most_tokens, pads=False)]
    lists: dict[str, Callable[[], float]] = {
        "one text to a run, one caller": lambda: seconds(lambda: run_each(single, ids)),
        "one caller": partial(together, single, parts, 1),
        "one caller, threads within a run": partial(together, spread, parts, 1),
        "callers at once": partial(together, single, parts, threads),
        "callers at once, threads within a run": partial(together, spread, parts, threads),
    }
    singles: dict[str, Callable[[], float]] = {
        "one thread": partial(one_by_one, single, ids[:SINGLE_TEXTS]),
        "threads within a run": partial(one_by_one, spread, ids[:SINGLE_TEXTS]),
    }
    of_lists, of_singles = interleaved(lists, ROUNDS), interleaved(singles, ROUNDS)
    figures = {
        "texts": len(ids),
        "threads": threads,
        "list_texts_per_s": {name: len(ids) / found for name, found in medians(of_lists).items()},
        "callers_over_threads": ratio(of_lists, "one caller, threads within a run", "callers at once"),
        "single_ms": {name: 1000 * found for name, found in medians(of_singles).items()},
        "threads_over_one": ratio(of_singles, "one thread", "threads within a run"),
    }
    print(record("threads", figures), figures)


def together(model: "InferenceSession", parts: Sequence[Sequence[list[int]]], callers: int) -> float:
    """Seconds for all parts, by so many callers."""
    with ThreadPoolExecutor(callers) as pool:
        return seconds(lambda: list(pool.map(partial(run, model), parts)))


def one_by_one(model: "InferenceSession", ids: Sequence[list[int]]) -> float:
    """Median seconds of a text."""
    return median(seconds(partial(run, model, [row])) for row in ids)


def seconds(work: Callable[[], object]) -> float:
    """How long `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
