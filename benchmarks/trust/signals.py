"""Signals at random moments: each program ends in one line, with the documented status, and leaves no half output."""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.trust.ledger import ROOT, Outcome, Part

ROWS = 3_000
PATIENCE_S = 120
BAD_WORDS = re.compile("Traceback|Exception ignored|Fatal|core dumped|Segmentation")
OUR_FRAME = re.compile(rf'File "{re.escape(str(ROOT))}/(?!\.venv)[^\n]*\n ++(?!import signal)')
"""A frame of this repository in a traceback, other than that of a program's first statement, `import signal`.

Without one, Python was interrupted before our code could do anything about it.
"""
SERVE_S = 3.0
"""How long a server runs before its signal comes at the latest."""


class Program(NamedTuple):
    """A program that is interrupted."""

    command: Callable[[Path], Sequence[str]]
    """Takes an empty folder with headlines.csv in it."""
    statuses: Mapping[int, tuple[int, ...]]
    """By signal, the documented exit statuses. Python's own are accepted, too: the signal may come before our code."""
    outputs: tuple[str, ...] = ()
    """Files that are complete or absent."""
    ends: bool = True


USUAL: dict[int, tuple[int, ...]] = {signal.SIGINT: (130,), signal.SIGTERM: (143,)}
CLASSIFY = ("-m", "agnews", "classify", "--file", "headlines.csv", "--output", "out.jsonl")
PROGRAMS: dict[str, Program] = {
    "classify": Program(lambda _: CLASSIFY, USUAL, ("out.jsonl",)),
    "evaluate": Program(
        lambda _: ("-m", "agnews", "evaluate", "headlines.csv", "--report", "report"), USUAL, ("report/report.json",)
    ),
    "serve": Program(
        lambda _: ("-m", "agnews", "serve", "--port", "0"),
        {signal.SIGINT: (0, 130), signal.SIGTERM: (143,)},
        ends=False,
    ),
    "verify": Program(lambda _: (str(ROOT / "download_model.py"),), {signal.SIGINT: (1, 130), signal.SIGTERM: (143,)}),
    "bake": Program(
        lambda folder: (
            *(str(ROOT / "download_model.py"), "--source", "embedded", "--engine", "onnx"),
            *("--target", str(folder / "baked")),
        ),
        {signal.SIGINT: (1, 130), signal.SIGTERM: (143,)},
        ("baked/manifest.json",),
    ),
    "handler": Program(lambda _: ("-c", "import handler"), {signal.SIGTERM: (143,)}),
}


def prepare(folder: Path) -> None:
    """Write headlines.csv into the folder."""
    rows = [f"{number % 4 + 1},Oil prices climb {number} times" for number in range(ROWS)]
    (folder / "headlines.csv").write_text("\n".join(["label,text", *rows]) + "\n", encoding="utf-8")


def started(program: Program, folder: Path) -> "subprocess.Popen[str]":
    """Return the program's process, with a clean environment as a user has it."""
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")}
    settings = {"PYTHONPATH": str(ROOT), "AGNEWS_WORKERS": "1"}
    return subprocess.Popen(  # noqa: S603
        [sys.executable, *program.command(folder)],
        cwd=folder,
        env=kept | settings,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def duration_s(program: Program) -> float:
    """Return how long the program runs undisturbed."""
    if not program.ends:
        return SERVE_S
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        start = time.monotonic()
        started(program, Path(name)).communicate(timeout=PATIENCE_S)
        return time.monotonic() - start


def problem_with(program: Program, number: int, moments: Sequence[float]) -> str:
    """Send the signal at each of the moments, in seconds, and return what is wrong with the end; empty if nothing."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        process = started(program, folder)
        start = time.monotonic()
        for moment in moments:
            time.sleep(max(0.0, start + moment - time.monotonic()))
            process.send_signal(number)
        try:
            _, errors = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return f"no end after {PATIENCE_S} s"
        return _problem(program, number, process.returncode, errors) or _half(program, folder)


def _problem(program: Program, number: int, status: int, errors: str) -> str:
    if BAD_WORDS.search(errors) and (OUR_FRAME.search(errors) or "Exception ignored" in errors):
        return f"exit status {status}, {errors}"
    accepted = (*program.statuses[number], -number, 128 + number, *([0] if program.ends else []))
    return "" if status in accepted else f"exit status {status}, {errors}"


def _half(program: Program, folder: Path) -> str:
    """Return which output is not whole; empty if none."""
    for output in program.outputs:
        path = folder / output
        if not path.exists():
            continue
        content = path.read_text(encoding="utf-8")
        if path.suffix == ".jsonl" and content.count("\n") != ROWS:
            return f"{output} has {content.count(chr(10))} rows"
        if path.suffix == ".json":
            json.loads(content)
    return ""


def interrupted(number: int, inputs: int) -> Outcome:
    """Interrupt programs so many times: once or twice, at moments that are spread over how long they run."""
    chance = random.Random(number)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # behind a shell's &, programs would ignore it
    seconds = {name: duration_s(program) for name, program in PROGRAMS.items()}
    failures = []
    for count in range(inputs):
        name = list(PROGRAMS)[(number + count) % len(PROGRAMS)]
        program = PROGRAMS[name]
        sent = chance.choice(list(program.statuses))
        first = chance.uniform(0.02, seconds[name])
        moments = [first, first + chance.choice((0, 0.001, 0.05, 0.3))][: chance.choice((1, 1, 2))]
        problem = problem_with(program, sent, moments)
        if problem:
            failures.append(f"{name}, {signal.Signals(sent).name} after {moments} of {seconds[name]:.2f} s: {problem}")
    return Outcome(inputs, inputs, tuple(failures))


PART = Part("signals", "signals at random moments", 300, 30, interrupted)
