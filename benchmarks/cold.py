"""Time from process start to first answer, through the real runtime client, of every contender and of the floor.

    python -m benchmarks.cold [--rounds 9]

The event is waiting before the client asks for it. Files are in the page cache and modules are compiled, so Lambda's
time to fetch an image is not included. The floor is bare imports of onnxruntime and tokenizers, the session, one text
and one run, without the runtime client; it is also measured with the client, to show what the client costs.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.command import Setup, parser, setup_of
from benchmarks.contenders import CONTENDERS, FLOOR, ONNX, ROOT, Contender
from benchmarks.plots import draw
from benchmarks.process import OURS, inherited, log_of, present, python, settings
from benchmarks.record import record
from benchmarks.rounds import interleaved, medians, ratio, ratios
from benchmarks.runtime_api import runtime
from modeling.headlines import headlines

CLIENT_FLOOR = "floor, runtime client"
TEXT = headlines(1)[0]
ROUNDS = 15


def main() -> None:
    """Run the command line that the module's docstring describes."""
    setup = setup_of(parser(__doc__, ROUNDS, CONTENDERS).parse_args())
    figures = measured(setup)
    print(draw(record("cold", figures, setup.results, setup.model_dir)), figures["seconds"])


def measured(setup: Setup) -> dict[str, Any]:
    """Return seconds from process start to first answer: medians, each round, and ratios round by round."""
    contenders, absent = present(CONTENDERS, setup)
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(folder)
        runs: dict[str, Callable[[], float]] = {
            contender.name: partial(first_answer, contender, setup, logs) for contender in contenders
        }
        runs[CLIENT_FLOOR] = partial(first_answer, FLOOR, setup, logs)
        runs[FLOOR.name] = partial(floor, setup)
        interleaved(runs, 1)  # fills the page cache and compiles the modules
        rounds = interleaved(runs, setup.rounds)
    return {
        "what": "seconds from process start to first answer",
        "threads": setup.threads,
        "seconds": medians(rounds),
        "times_ours": ratios(rounds, ONNX.name),
        "ours_over_floor": ratio(rounds, ONNX.name, FLOOR.name) if ONNX.name in rounds[0] else None,
        "absent": absent,
        "rounds": rounds,
    }


def first_answer(contender: Contender, setup: Setup, logs: Path) -> float:
    """Return seconds until the runtime client posts the handler's answer. Raises RuntimeError if it posts an error."""
    log = log_of(contender, logs)
    with runtime(log, python(contender, setup), contender.handler, OURS, **settings(contender, setup)) as api:
        outcome = api.invoke(json.dumps({"text": TEXT}).encode())
        seconds = time.perf_counter() - api.started
    if outcome.kind != "response":
        raise RuntimeError(f"{contender.name}: {outcome.body.decode()}\n{log.read_text(encoding='utf-8')}")
    return seconds


def floor(setup: Setup) -> float:
    """Return seconds until the floor, as a program of its own, has printed its label."""
    command = [*python(FLOOR, setup), "-m", "benchmarks.contenders.floor", TEXT]
    environment = inherited() | settings(FLOOR, setup)
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdout is not None
        line = process.stdout.readline()
        seconds = time.perf_counter() - start
    if not line.strip().isdigit():
        raise RuntimeError(f"the floor ended with {process.returncode}; its output is above")
    return seconds


if __name__ == "__main__":
    main()
