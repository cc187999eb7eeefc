"""100,000 invocations of mixed events in one process: errors, the growth of resident memory, times by tenth.

python -m benchmarks.trust.soak SEED INVOCATIONS prints them as JSON.
"""

import json
import logging
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from agnews.cli.local.container import JsonLines, LocalContext
from agnews.errors import AgNewsError
from benchmarks.trust.fuzz import SETTINGS, AcceptingQueue
from benchmarks.trust.ledger import ROOT, Outcome, Part
from benchmarks.trust.strategies import PAYLOADS, paths, replaced

SAMPLE = 50
"""Invocations between two looks at the memory."""
TENTHS = 10
WORDS = (
    *("oil", "prices", "climb", "as", "the", "striker", "scores", "twice", "in", "<b>Paris</b>", "&amp;", "a", "new"),
    *("chip", "café", "東京", "Привет", "7%", "U.S.-led", "won’t"),
)
VALUES: tuple[Any, ...] = (None, True, 10**30, "", "\ud800", "null", [], {}, {"text": 3}, ["a", None], "{", "\x00")


def sentence(chance: random.Random, most: int = 140) -> str:
    """Return words in any order; some texts are longer than the model reads."""
    return " ".join(chance.choices(WORDS, k=min(most, int(chance.expovariate(1 / 8)) + 1)))


def mixed_event(chance: random.Random) -> Any:
    """Return one of AWS's events, as it is or damaged, or a request with one or more texts."""
    kind = chance.random()
    event = chance.choice(list(PAYLOADS.values()))
    if kind < 0.2:
        return event
    if kind < 0.4:
        return replaced(event, chance.choice([(), *paths(event)]), chance.choice((*VALUES, sentence(chance))))
    if kind < 0.7:
        return {"text": sentence(chance), "top_k": chance.randint(1, 4), "explain": chance.random() < 0.1}
    if kind < 0.9:
        body = json.dumps({"texts": [sentence(chance) for _ in range(chance.randint(1, 5))]})
        return PAYLOADS[chance.choice(("function_url_post", "api_gateway_v1", "alb_multi_value"))] | {"body": body}
    if kind < 0.95:
        return replaced(PAYLOADS["sqs"], ("Records", 0, "body"), sentence(chance))
    return [sentence(chance, 30) for _ in range(chance.randint(1, 20))]


def resident_mb() -> float:
    """Return this process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def invocations(number: int, inputs: int) -> Iterator[tuple[float, str]]:
    """Invoke the handler and yield, for each event, its milliseconds and what went wrong, if anything did."""
    import handler  # loads the model

    chance = random.Random(number)
    for _ in range(inputs):
        event = mixed_event(chance)
        start = time.perf_counter()
        failure = ""
        try:
            reply: Any = handler.lambda_handler(event, LocalContext("trust", time.monotonic() + 60))
            json.dumps(reply, ensure_ascii=False, allow_nan=False).encode()
            if isinstance(reply, dict) and int(str(reply.get("statusCode", 200))) >= 500:
                failure = f"status {reply['statusCode']} for {event!r}"
        except AgNewsError:
            pass  # documented
        except Exception as error:  # whatever it is, it is a failure
            failure = f"{type(error).__name__}: {error} for {event!r}"
        yield (time.perf_counter() - start) * 1000, failure


def measured(number: int, inputs: int) -> dict[str, Any]:
    """Return failures, milliseconds by tenth, and memory: at both ends of the second half, and its slope there."""
    failures = []
    times = np.full(inputs, -1.0)  # written to now: a list would grow by as much as is measured here
    memory = np.full((-(-inputs // SAMPLE), 2), -1.0)
    for count, (took_ms, failure) in enumerate(invocations(number, inputs)):
        times[count] = took_ms
        failures += [failure] if failure else []
        if count % SAMPLE == 0:
            memory[count // SAMPLE] = count, resident_mb()
    half = memory[len(memory) // 2 :]
    tenths = np.array_split(times, TENTHS)
    return {
        "failures": failures,
        "mb_per_thousand": round(float(np.polyfit(half[:, 0] / 1000, half[:, 1], 1)[0]), 5),
        "mb_at_half_and_end": [round(float(half[0, 1]), 1), round(float(half[-1, 1]), 1)],
        "p50_ms": [round(float(np.percentile(tenth, 50)), 2) for tenth in tenths],
        "p99_ms": [round(float(np.percentile(tenth, 99)), 2) for tenth in tenths],
    }


def soak(number: int, inputs: int) -> Outcome:
    """Run `measured` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.trust.soak", str(number), str(inputs)]
    settings = {"AGNEWS_RESULTS_QUEUE_URL": SETTINGS.results_queue_url, "AGNEWS_WORKERS": "1"}
    done = subprocess.run(command, cwd=ROOT, env=os.environ | settings, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        return Outcome(inputs, failures=(f"it ended with {done.returncode}: {done.stderr}",))
    figures = json.loads(done.stdout)
    return Outcome(inputs, failures=tuple(figures.pop("failures")), figures=figures)


def main() -> None:
    """Run the command line that the module's docstring describes."""
    log = logging.FileHandler(os.devnull)
    log.setFormatter(JsonLines())
    logging.getLogger("agnews").addHandler(log)
    logging.getLogger("agnews").setLevel(logging.INFO)
    with (
        mock.patch("agnews.function.queue.sqs_client", AcceptingQueue),
        mock.patch("agnews.function.events.results.sqs_client", AcceptingQueue),
    ):
        print(json.dumps(measured(*map(int, sys.argv[1:]))))


PART = Part("soak", "invocations of one process", 100_000, 100_000, soak)

if __name__ == "__main__":
    main()
