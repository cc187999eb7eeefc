"""Contenders as processes: which can run here, how they are started, and what they answer."""

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
"""Variables that would change what is measured, and so are not handed on. This process has some from agnews itself."""


@dataclass(frozen=True)
class Reply:
    """What a contender answered, as benchmarks.driver says."""

    seconds: list[float]
    answer: Any
    earlier_peak_bytes: int
    answering_peak_bytes: int


def absence(contender: Contender, setup: Setup) -> str | None:
    """Why the contender cannot run here; None if it can."""
    if not contender.python.exists():
        return "its packages are not installed: make .venv-bench/ready"
    if contender.model is None:
        return None
    found = converted(contender.model, setup.model_dir)
    return f"its conversion failed: {found}" if isinstance(found, str) else None


def present(contenders: Sequence[Contender], setup: Setup) -> tuple[list[Contender], dict[str, str]]:
    """Those of `contenders` that were asked for and can run here, and why the others cannot.

    Raises:
        SystemExit: one that was asked for by name cannot.
    """
    asked = [each for each in contenders if setup.names is None or each.name in setup.names]
    absent = {each.name: reason for each in asked if (reason := absence(each, setup)) is not None}
    if absent and setup.names is not None:
        raise SystemExit("\n".join(f"{name} cannot run: {reason}" for name, reason in absent.items()))
    return [each for each in asked if each.name not in absent], absent


def python(contender: Contender, setup: Setup) -> list[str]:
    """The interpreter's command line, on as many CPUs as the setup has threads."""
    cpus = sorted(os.sched_getaffinity(0))[: setup.threads]
    return ["taskset", "--cpu-list", ",".join(map(str, cpus)), str(contender.python)]


def settings(contender: Contender, setup: Setup) -> dict[str, str]:
    """The environment variables that tell a contender what to load and how many threads to use."""
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
    """The environment of this process, less what would change what is measured."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OURS)}


class Process:
    """A contender in benchmarks.driver, its handler imported."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.versions: Mapping[str, str] = self._line()["versions"]

    def answer(self, *events: object) -> Reply:
        """The contender's reply to the events, one after the other."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"events": events}) + "\n")
        self._process.stdin.flush()
        return Reply(**self._line())

    def _line(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args!r} ended; what it said is above")
        found: dict[str, Any] = json.loads(line)
        return found


@contextmanager
def running(contender: Contender, setup: Setup) -> Iterator[Process]:
    """The contender, ready to answer. Raises RuntimeError if it ends before."""
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
    """The event that has the contender answer a list, in batches of `batch` texts where it knows them."""
    return {"texts": list(texts)} | ({"batch_size": batch} if contender.batches else {})


def labels(answer: Any) -> list[str]:
    """The labels of a list's answer."""
    return [prediction["label"] for prediction in answer["predictions"]]


def log_of(contender: Contender, folder: Path) -> Path:
    """Where the contender's output goes when the runtime client runs it."""
    return folder / f"{contender.name}.log"
