"""Time from process start to first answer, through the real runtime client, of every contender and of the floor.

    python -m benchmarks.cold [--empty-cache] [--rounds 9]

The event is waiting before the client asks for it. Modules are compiled, and files are in the page cache, so the time
to fetch them is not included. With --empty-cache, the kernel drops that cache before every start, which needs root; the
bytes that each process has read from disk are counted, too. Pages that other processes hold stay in the cache, so it
then takes an environment and a machine that nobody else uses.

The floor is bare imports of onnxruntime and tokenizers, the session, one text and one run, without the runtime client;
it is also measured with the client, to show what the client costs.
"""

import json
import os
import subprocess
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.command import Setup, parser, setup_of
from benchmarks.contenders import CONTENDERS, FLOOR, ONNX, OPENVINO_INT8, READ_AHEAD, ROOT, TUTORIAL, Contender
from benchmarks.plots import draw
from benchmarks.process import OURS, inherited, log_of, present, python, settings
from benchmarks.record import record, this_cpus_folder
from benchmarks.rounds import interleaved, medians, ratio, ratios
from benchmarks.runtime_api import runtime
from modeling.headlines import headlines

CLIENT_FLOOR = "floor, runtime client"
EMPTIED = (TUTORIAL, OPENVINO_INT8, ONNX, READ_AHEAD)
"""The contenders that also start with an empty page cache."""
TEXT = headlines(1)[0]
ROUNDS = 15
DROP_CACHES = Path("/proc/sys/vm/drop_caches")


class Start(NamedTuple):
    """One start of a process."""

    seconds: float
    """From its start to its first answer."""
    read_bytes: int
    """What it read from disk, and not from the page cache, until then."""


Starts = dict[str, Callable[[], Start]]
"""How to start each contender."""


def main() -> None:
    """Run the command line that the module's docstring describes."""
    options = parser(__doc__, ROUNDS, CONTENDERS, this_cpus_folder())
    options.add_argument("--empty-cache", action="store_true", help="drop the page cache before every start (as root)")
    arguments = options.parse_args()
    setup, name = setup_of(arguments), "cold_empty_cache" if arguments.empty_cache else "cold"
    if arguments.empty_cache and not os.access(DROP_CACHES, os.W_OK):
        print(f"{name} is skipped: only root may write {DROP_CACHES}")
        return
    figures = emptied(setup) if arguments.empty_cache else measured(setup)
    print(draw(record(name, figures, setup.results, setup.model_dir)), figures["seconds"])


def measured(setup: Setup) -> dict[str, Any]:
    """Return seconds from process start to first answer: medians, each round, and ratios round by round."""
    contenders, absent = present(CONTENDERS, setup)
    with tempfile.TemporaryDirectory() as logs:
        starts = starts_of(contenders, setup, Path(logs))
        runs = {name: lambda start=start: start().seconds for name, start in starts.items()}
        interleaved(runs, 1)  # fills the page cache and compiles the modules
        return summary(interleaved(runs, setup.rounds), setup) | {"absent": absent}


def emptied(setup: Setup) -> dict[str, Any]:
    """Return the same with an empty page cache, and the bytes that each process read from disk, as medians."""
    contenders, absent = present(EMPTIED, setup)
    read: dict[str, list[int]] = defaultdict(list)

    def seconds(name: str, start: Callable[[], Start]) -> float:
        os.sync()  # what is not yet written cannot be dropped
        DROP_CACHES.write_text("3", encoding="ascii")
        result = start()
        read[name].append(result.read_bytes)
        return result.seconds

    with tempfile.TemporaryDirectory() as logs:
        starts = starts_of(contenders, setup, Path(logs))
        for start in starts.values():
            start()  # compiles the modules, and what OpenVINO keeps
        rounds = interleaved({name: partial(seconds, name, start) for name, start in starts.items()}, setup.rounds)
    read_bytes = {name: median(values) for name, values in read.items()}
    return summary(rounds, setup) | {"read_bytes": read_bytes, "absent": absent}


def starts_of(contenders: Sequence[Contender], setup: Setup, logs: Path) -> Starts:
    """Return how to start the contenders, and the floor with the runtime client and as a program of its own."""
    starts: Starts = {contender.name: partial(first_answer, contender, setup, logs) for contender in contenders}
    return starts | {CLIENT_FLOOR: partial(first_answer, FLOOR, setup, logs), FLOOR.name: partial(floor, setup)}


def summary(rounds: list[dict[str, float]], setup: Setup) -> dict[str, Any]:
    """Return what the rounds came to."""
    return {
        "what": "seconds from process start to first answer",
        "threads": setup.threads,
        "seconds": medians(rounds),
        "times_ours": ratios(rounds, ONNX.name),
        "ours_over_floor": ratio(rounds, ONNX.name, FLOOR.name) if ONNX.name in rounds[0] else None,
        "rounds": rounds,
    }


def first_answer(contender: Contender, setup: Setup, logs: Path) -> Start:
    """Start the contender until the runtime client posts its answer. Raises RuntimeError if it posts an error."""
    log = log_of(contender, logs)
    with runtime(log, python(contender, setup), contender.handler, OURS, **settings(contender, setup)) as api:
        outcome = api.invoke(json.dumps({"text": TEXT}).encode())
        seconds = time.perf_counter() - api.started
        start = Start(seconds, read_bytes(api.process_id))
    if outcome.kind != "response":
        raise RuntimeError(f"{contender.name}: {outcome.body.decode()}\n{log.read_text(encoding='utf-8')}")
    return start


def floor(setup: Setup) -> Start:
    """Start the floor, as a program of its own, until it has printed its label."""
    command = [*python(FLOOR, setup), "-m", "benchmarks.contenders.floor", TEXT]
    environment = inherited() | settings(FLOOR, setup)
    began = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        line = process.stdout.readline()
        start = Start(time.perf_counter() - began, read_bytes(process.pid))
    if not line.strip().isdigit():
        raise RuntimeError(f"the floor ended with {process.returncode}; its output is above")
    return start


def read_bytes(process: int) -> int:
    """Return the bytes that a process, not yet waited for, has read from disk, page faults included (man 5 proc)."""
    fields = dict(line.split(": ") for line in Path(f"/proc/{process}/io").read_text(encoding="ascii").splitlines())
    return int(fields["read_bytes"])


if __name__ == "__main__":
    main()
