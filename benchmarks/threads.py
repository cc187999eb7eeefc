"""Two workers over single-threaded runs against two intra-op threads, on one list of headlines.

python -m benchmarks.threads [--texts 1000]
"""

import argparse
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from agnews.checkpoint import read_checkpoint
from agnews.encode import Encoder
from agnews.engines.onnx import run_each, session
from agnews.settings import Settings
from benchmarks.record import record
from modeling.headlines import headlines

ROUNDS = 7


def main() -> None:
    """Command line: see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1000)
    arguments = parser.parse_args()
    checkpoint = read_checkpoint(Settings().model_dir)
    ids = [encoded.ids for encoded in Encoder(checkpoint).encode(headlines(arguments.texts))]
    workers = len(os.sched_getaffinity(0))
    single, threaded = (session(checkpoint.path("model.onnx"), threads) for threads in (1, workers))
    parts = [ids[start::workers] for start in range(workers)]

    def by_workers() -> None:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda part: run_each(single, part), parts))

    contenders = {
        "one thread": lambda: run_each(single, ids),
        "intra-op threads": lambda: run_each(threaded, ids),
        "workers": by_workers,
    }
    rounds = [{name: seconds(run) for name, run in contenders.items()} for _ in range(ROUNDS)]
    speed = {name: len(ids) / median(found[name] for found in rounds) for name in contenders}
    ratio = median(found["intra-op threads"] / found["workers"] for found in rounds)
    figures = {
        "texts": len(ids),
        "threads": workers,
        "texts_per_s": speed,
        "workers_over_intra_op": ratio,
        "rounds": rounds,
    }
    print(record("threads", figures), speed, f"{ratio:.2f}")


def seconds(run: Callable[[], object]) -> float:
    """How long `run` takes."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
