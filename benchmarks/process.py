"""Contenders as processes: which can run here, how they start, and what they answer."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.command import Setup
from benchmarks.contenders import ROOT, Contender
from benchmarks.convert import converted

OURS = ("AGNEWS_", "AWS_", "BENCHMARK_", "HF_", "MKL_", "OMP_", "OPENBLAS_", "ORT_", "PYTHON", "TOKENIZERS_")
"""Prefixes of variables that would change what is measured and so are not passed on. Importing agnews sets some."""


@dataclass(frozen=True)
class Reply:
    """What a contender answered; benchmarks.driver documents the fields."""

    seconds: list[float]
    answer: Any
    earlier_peak_bytes: int
    answering_peak_bytes: int


def absence(contender: Contender, setup: Setup) -> str | None:
    """Return why the contender cannot run here; None if it can."""
    if not contender.python.exists():
        return "its packages are not installed: make .venv-bench/ready"
    if contender.model is None:
        return None
    conversion = converted(contender.model, setup.model_dir)
    return f"its conversion failed: {conversion}" if isinstance(conversion, str) else None


def present(contenders: Sequence[Contender], setup: Setup) -> tuple[list[Contender], dict[str, str]]:
    """Return those of `contenders` that were asked for and can run here, and why the others cannot.

    Raises:
        SystemExit: one that was asked for by name cannot.
    """
    asked = [contender for contender in contenders if setup.names is None or contender.name in setup.names]
    absent = {contender.name: reason for contender in asked if (reason := absence(contender, setup)) is not None}
    if absent and setup.names is not None:
        raise SystemExit("\n".join(f"{name} cannot run: {reason}" for name, reason in absent.items()))
    return [contender for contender in asked if contender.name not in absent], absent


def python(contender: Contender, setup: Setup) -> list[str]:
    """Return the interpreter's command line, limited to as many CPUs as the setup has threads."""
    cpus = sorted(os.sched_getaffinity(0))[: setup.threads]
    return ["taskset", "--cpu-list", ",".join(map(str, cpus)), str(contender.python)]


def settings(contender: Contender, setup: Setup) -> dict[str, str]:
    """Return the environment variables that say what a contender loads and how many threads it uses."""
    model = "" if contender.model is None else str(converted(contender.model, setup.model_dir))
    return {
        "AGNEWS_MODEL_DIR": str(setup.model_dir.resolve()),
        "AGNEWS_WORKERS": str(setup.threads),
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_LAMBDA_LOG_LEVEL": "INFO",
        "BENCHMARK_MODEL": model,
        "BENCHMARK_THREADS": str(setup.threads),
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(ROOT),
        **contender.settings,
    }


def inherited() -> dict[str, str]:
    """Return this process's environment without what would change the measurement."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


class Process:
    """A contender in benchmarks.driver, its handler imported."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.versions: Mapping[str, str] = self._line()["versions"]

    def answer(self, *events: object) -> Reply:
        """Return the contender's reply to the events, sent one after the other."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"events": events}) + "\n")
        self._process.stdin.flush()
        return Reply(**self._line())

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended; its output is above")
        reply: dict[str, Any] = json.loads(line)
        return reply


@contextmanager
def running(contender: Contender, setup: Setup) -> Iterator[Process]:
    """Start the contender and yield it once it is ready to answer. Raises RuntimeError if it ends before."""
    command = [*python(contender, setup), "-m", "benchmarks.driver", contender.handler]
    with subprocess.Popen(  # noqa: S603 (our own modules)
        command,
        cwd=ROOT,
        env=inherited() | settings(contender, setup),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield Process(process)
        finally:
            process.kill()


def list_event(contender: Contender, texts: Sequence[str], batch: int | None) -> dict[str, Any]:
    """Return the event for a list, with the batch size for contenders that take one."""
    return {"texts": list(texts)} | ({"batch_size": batch} if contender.batches else {})


def labels(answer: Any) -> list[str]:
    """Return the labels in a list's answer."""
    return [prediction["label"] for prediction in answer["predictions"]]


def log_of(contender: Contender, folder: Path) -> Path:
    """Return the file for the contender's output when the runtime client runs it."""
    return folder / f"{contender.name}.log"
