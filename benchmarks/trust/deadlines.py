"""Requests with little time left: the answer of the real runtime client is never late.

The handler's process gets as much CPU time as Lambda gives it, by a control group where one can be made.
"""

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.runtime_api import RuntimeApi, runtime
from benchmarks.trust.ledger import Outcome, Part
from benchmarks.trust.soak import sentence
from benchmarks.trust.strategies import PAYLOADS

LATE_MS = 50
"""How late an answer may be if there were PROMISED_S left."""
PROMISED_S = 0.2
SIZES = {1024: 0.58, 1769: 1.0, 3008: 1.7}
"""MB of memory, and the vCPUs that come with them."""
PERIOD_US = 20_000
GROUPS = Path("/sys/fs/cgroup")
EVENT_BYTES = 6_000_000
"""Lambda's limit, nearly."""
DOCUMENTED = {"DeadlineError", "LimitError", "AnswerSizeError", "InputError"}
LONG = (
    "🚀i" + " w" * 126 + "." * 99_000,
    "<b>w</b> é&amp; " * 6_000,
    "日本é" * 33_000,
    "a" * 99_000,
    "w " * 100 + " " * 98_000,
    "e\u0301" * 49_000,
    "Oil prices climb again. " * 4_000,
)
"""Texts of nearly 100,000 characters, of which each is slow in another step."""


@contextmanager
def limited(vcpus: float) -> Iterator[list[str]]:
    """Yield the beginning of a command line that gives a process so much CPU time: on its CPUs, and by its quota.

    The group's weight is the highest, so that what else runs here does not take that time away.
    """
    cpus = sorted(os.sched_getaffinity(0))[: 1 if vcpus <= 1 else 2]
    taskset = ["taskset", "--cpu-list", ",".join(map(str, cpus))]
    quota = f"{vcpus * PERIOD_US:.0f}"
    if (GROUPS / "cpu").is_dir():  # version 1 of control groups
        parent = GROUPS / "cpu"
        limits = {"cpu.cfs_period_us": f"{PERIOD_US}", "cpu.cfs_quota_us": quota, "cpu.shares": "262144"}
    else:
        parent, limits = GROUPS, {"cpu.max": f"{quota} {PERIOD_US}", "cpu.weight": "10000"}
    group = parent / f"agnews-trust-{os.getpid()}"
    try:
        group.mkdir()
        for name, value in limits.items():
            (group / name).write_text(value, encoding="ascii")
    except OSError:  # not ours to make: taskset alone
        yield [*taskset, sys.executable]
        return
    try:
        yield [*taskset, "sh", "-c", f'echo $$ > {group}/cgroup.procs; exec "$@"', "sh", sys.executable]
    finally:
        while (group / "cgroup.procs").read_text(encoding="ascii"):
            time.sleep(0.05)  # the process has been killed
        group.rmdir()


def texts(chance: random.Random) -> list[Any]:
    """Return 1 to 10,000 texts: headlines, objects with markup, or a few that are as long as they may be."""
    kind = chance.random()
    count = round(10 ** chance.uniform(0, 4))
    if kind < 0.4:
        return [f"{sentence(chance, 20)} {index}" for index in range(count)]
    if kind < 0.7:
        description = "Shares <b>rose</b> &amp; fell é " * chance.randint(1, 18)
        return [{"id": index, "title": sentence(chance, 9), "description": description} for index in range(count)]
    long = chance.choice(LONG)
    return [f"{long}{index}" for index in range(min(count, 60))]


def timed_event(chance: random.Random) -> bytes:
    """Return an event within Lambda's limit: direct or over HTTP, with explain or without."""
    items = texts(chance)
    explain = chance.random() < 0.4
    over_http = chance.random() < 0.25
    while True:
        event: Any = {"texts": items, "explain": explain}
        if over_http:
            event = PAYLOADS["function_url_post"] | {"body": json.dumps(event, ensure_ascii=False)}
        content = json.dumps(event, ensure_ascii=False).encode()
        if len(content) <= EVENT_BYTES:
            return content
        items = items[: len(items) * 2 // 3]


def problem_with(api: RuntimeApi, event: bytes, left_s: float) -> tuple[str, float]:
    """Return what is wrong with the answer, empty if nothing is, and by how many ms it was late."""
    start = time.monotonic()
    outcome = api.invoke(event, round(left_s * 1000))
    late_ms = (time.monotonic() - start - left_s) * 1000
    content = json.loads(outcome.body)
    if outcome.kind == "response":
        status = content.get("statusCode", 200) if isinstance(content, dict) else 200
        problem = f"status {status}" if status >= 500 and "DeadlineError" not in content["body"] else ""
    else:
        kind = content.get("errorType")
        problem = "" if kind in DOCUMENTED else f"{outcome.kind}: {kind}: {content.get('errorMessage')}"
    if late_ms > LATE_MS and left_s >= PROMISED_S:
        problem = problem or f"{late_ms:.0f} ms late"
    return problem, late_ms


def hurried(number: int, inputs: int) -> Outcome:
    """Invoke the handler so many times, in a process of one of Lambda's sizes."""
    chance = random.Random(number)
    memory_mb, vcpus = list(SIZES.items())[number % len(SIZES)]
    failures = []
    late: dict[bool, list[float]] = {True: [], False: []}
    with tempfile.TemporaryDirectory() as folder, limited(vcpus) as python:
        log = Path(folder) / "log"
        with runtime(log, python, AWS_LAMBDA_FUNCTION_MEMORY_SIZE=str(memory_mb)) as api:
            api.invoke(b'{"warmup": true}')
            for _ in range(inputs):
                left_s = 10 ** chance.uniform(-1, 1 if chance.random() < 0.95 else 1.778)
                event = timed_event(chance)
                problem, late_ms = problem_with(api, event, left_s)
                late[left_s >= PROMISED_S].append(late_ms)
                if problem:
                    failures.append(
                        f"{problem}; {left_s:.2f} s left, {vcpus} vCPU, {len(event):,} bytes: {event[:200]!r}"
                    )
    names = {True: "latest_ms", False: "latest_ms_below_200"}
    latest = {names[promised]: round(max(times), 1) for promised, times in late.items() if times}
    return Outcome(inputs, failures=tuple(failures), figures=latest)


PART = Part("deadlines", "requests with 0.1 to 60 s left", 444, 12, hurried)
