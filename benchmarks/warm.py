"""Measure one headline, warm, from event to answer: every contender in process, ours also through the runtime client.

    python -m benchmarks.warm [--rounds 25] [--texts 20]

The floor is a bare tokenizer and session.run on the baked graph, with one intra-op thread and with --threads of them.
Through the runtime client the time includes that of the local Runtime API, which is also in Python.
"""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.command import Setup, parser, positive, setup_of
from benchmarks.contenders import CONTENDERS, FLOOR, ONNX, Contender
from benchmarks.plots import draw
from benchmarks.process import OURS, log_of, present, python, running, settings
from benchmarks.record import record, this_cpus_folder
from benchmarks.rounds import SPIN_S, interleaved, medians, ratio, ratios
from benchmarks.runtime_api import invocation_s, runtime
from modeling.headlines import headlines

ROUNDS = 25
TEXTS = 20

Timed = Callable[[Sequence[str]], list[float]]
"""Seconds of each text, each an event of its own."""


def main() -> None:
    """Run the command line that the module's docstring describes."""
    arguments = parser(__doc__, ROUNDS, CONTENDERS, this_cpus_folder())
    arguments.add_argument("--texts", type=positive, default=TEXTS, help="per round; default: %(default)s")
    options = arguments.parse_args()
    setup = setup_of(options)
    figures = measured(setup, options.texts)
    print(draw(record("warm", figures, setup.results, setup.model_dir)), figures["p50_ms"])


def measured(setup: Setup, texts: int = TEXTS) -> dict[str, Any]:
    """Return milliseconds per event: p50 and p99 over all events, and ratios of the rounds' medians."""
    contenders, absent = present(CONTENDERS, setup)
    with ExitStack() as stack:
        timed = opened(contenders, setup, stack)
        samples: dict[str, list[list[float]]] = {name: [] for name in timed}
        for run in timed.values():
            run(headlines(texts, seed=1))  # allocates
        runs = {name: lambda name=name: once(timed[name], texts, samples[name]) for name in timed}
        rounds = interleaved(runs, setup.rounds, SPIN_S)
    seconds_of = {name: list(chain.from_iterable(rounds_of)) for name, rounds_of in samples.items()}
    fastest = min((name for name in seconds_of if name.startswith(FLOOR.name)), key=medians(rounds).__getitem__)
    return {
        "what": "milliseconds from event to answer, one headline",
        "threads": setup.threads,
        "samples": setup.rounds * texts,
        "p50_ms": {name: median(seconds) * 1000 for name, seconds in seconds_of.items()},
        "p99_ms": {name: float(np.percentile(seconds, 99)) * 1000 for name, seconds in seconds_of.items()},
        "times_ours": ratios(rounds, ONNX.name),
        "ours_over_floor": ratio(rounds, ONNX.name, fastest) if ONNX.name in seconds_of else None,
        "floor": fastest,
        "absent": absent,
    }


def once(run: Timed, texts: int, samples: list[list[float]]) -> float:
    """Return the median of one round and add it to `samples`. Each round has other headlines, the same for all."""
    samples.append(run(headlines(texts, seed=2 + len(samples))))
    return median(samples[-1])


def opened(contenders: Sequence[Contender], setup: Setup, stack: ExitStack) -> dict[str, Timed]:
    """Return what is timed: contenders and floors in process, ours also through the runtime client."""
    timed = {contender.name: in_process(contender, setup, stack) for contender in contenders}
    for threads in sorted({1, setup.threads}):
        settings = {"BENCHMARK_THREADS": str(threads)}
        timed[f"floor, {threads} intra-op"] = in_process(replace(FLOOR, settings=settings), setup, stack)
    logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    for contender in contenders:
        if contender.ours:
            timed[f"{contender.title}, runtime client"] = by_client(contender, setup, stack, logs)
    return timed


def in_process(contender: Contender, setup: Setup, stack: ExitStack) -> Timed:
    """Return a timer of the handler's own call."""
    process = stack.enter_context(running(contender, setup))
    return lambda texts: process.answer(*({"text": text} for text in texts)).seconds


def by_client(contender: Contender, setup: Setup, stack: ExitStack, logs: Path) -> Timed:
    """Return a timer of an invocation, from handing over the event to the answer's arrival."""
    command, variables = python(contender, setup), settings(contender, setup)
    api = stack.enter_context(runtime(log_of(contender, logs), command, contender.handler, OURS, **variables))
    return lambda texts: [invocation_s(api, {"text": text}) for text in texts]


if __name__ == "__main__":
    main()
