"""Measure `agnews classify --file` on a million headlines: its rate compared with that in memory, and its memory use.

    python -m benchmarks.file [--rows 1000000] [--rounds 1]

In memory the same classifier answers some of the same headlines in one call, in turns with the command.
"""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle, islice, pairwise
from pathlib import Path
from typing import Any

from agnews.model.classifier import Classifier, load
from agnews.settings import Settings
from benchmarks.command import Setup, parser, positive, setup_of
from benchmarks.contenders import ONNX, ROOT
from benchmarks.driver import status_bytes
from benchmarks.process import inherited, python, settings
from benchmarks.record import record
from modeling.headlines import headlines

ROWS = 1_000_000
ROUNDS = 1
MEMORY_ROWS = 20_000
SAMPLE_S = 1.0
KINDS = 10_000


def main() -> None:
    """Run the command line that the module's docstring describes."""
    arguments = parser(__doc__, ROUNDS)
    arguments.add_argument("--rows", type=positive, default=ROWS, help="of the file; default: %(default)s")
    arguments.add_argument("--sample-s", type=float, default=SAMPLE_S, help="between looks at the memory")
    options = arguments.parse_args()
    setup = setup_of(options)
    figures = measured(setup, options.rows, options.sample_s)
    path = record("file", figures, setup.results, setup.model_dir)
    print(path, figures["file_over_memory"], figures["last_over_first"])


def measured(setup: Setup, rows: int, sample_s: float) -> dict[str, Any]:
    """Return the rates of the command and in memory, in turns, and the resident bytes of the command's last run."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: setup.threads])  # what the command gets, too
    classifier = load(Settings(model_dir=setup.model_dir, workers=setup.threads))
    part = list(islice(texts(rows), 0, None, max(1, rows // MEMORY_ROWS)))  # spread, as later numbers are longer
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "headlines.txt", rows)
        in_memory, in_file = [memory_rate(classifier, part)], list[float]()
        samples: list[tuple[float, int]] = []
        for _ in range(setup.rounds):
            samples, seconds = command(setup, path, rows, sample_s)
            in_file.append(rows / seconds)
            in_memory.append(memory_rate(classifier, part))
    classifier.close()
    around = [(before + after) / 2 for before, after in pairwise(in_memory)]
    return {
        "what": "headlines per second, and resident bytes over time",
        "threads": setup.threads,
        "rows": rows,
        "file_texts_per_s": in_file,
        "memory_texts_per_s": in_memory,
        "file_over_memory": [rate / beside for rate, beside in zip(in_file, around, strict=True)],
        "peak_bytes": max(resident for _, resident in samples),
        "last_over_first": flatness([resident for _, resident in samples]),
        "samples": samples,
    }


def written(path: Path, rows: int) -> Path:
    """Write `rows` headlines to `path` and return it."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{text}\n" for text in texts(rows))
    return path


def texts(count: int) -> Iterator[str]:
    """Yield `count` different headlines: KINDS of them in turn, numbered so that none repeats."""
    for number, text in enumerate(islice(cycle(headlines(min(count, KINDS))), count)):
        yield f"{text}, no. {number}"


def memory_rate(classifier: Classifier, part: list[str]) -> float:
    """Return headlines per second of one call in this process."""
    start = time.perf_counter()
    classifier.classify(part)
    return len(part) / (time.perf_counter() - start)


def command(setup: Setup, path: Path, rows: int, sample_s: float) -> tuple[list[tuple[float, int]], float]:
    """Return samples of (seconds, resident bytes), and the command's duration. Raises RuntimeError if it failed."""
    output = path.with_name("topics.csv")
    arguments = [*python(ONNX, setup), "-m", "agnews", "classify", "--file", str(path), "--output", str(output)]
    environment = inherited() | settings(ONNX, setup)
    samples = []
    start = time.perf_counter()
    with subprocess.Popen(arguments, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        while running(process, sample_s):
            samples.append((time.perf_counter() - start, status_bytes("VmRSS", process.pid)))
    seconds = time.perf_counter() - start
    with output.open("rb") as topics:
        answered = sum(1 for _ in topics) - 1
    if process.returncode != 0 or answered != rows:
        raise RuntimeError(f"the command ended with {process.returncode}; {answered} of {rows} rows were answered")
    return samples, seconds


def running(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Return whether the process still runs after `seconds`."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
        return False
    return True


def flatness(samples: list[int]) -> float:
    """Return the peak of the run's last quarter over that of its second; the first quarter includes loading."""
    quarter = max(1, len(samples) // 4)
    return max(samples[-quarter:]) / max(samples[quarter : 2 * quarter] or samples)


if __name__ == "__main__":
    main()
