"""What every benchmark takes on its command line."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

from agnews.settings import Settings
from benchmarks.contenders import CONTENDERS
from benchmarks.record import RESULTS


@dataclass(frozen=True)
class Setup:
    """What is measured, and how."""

    model_dir: Path
    """A baked folder."""
    threads: int
    """CPUs that a contender may use, and threads it is told to."""
    rounds: int
    names: tuple[str, ...]
    """The contenders asked for."""
    results: Path


NAMES = tuple(contender.name for contender in CONTENDERS)


def parser(about: str | None, rounds: int, choice: bool = False) -> argparse.ArgumentParser:
    """A command line with the options that all share; `about` is the module's docstring.

    With `choice`, contenders can be chosen: else the benchmark has its own.
    """
    found = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    cpus = len(os.sched_getaffinity(0))
    found.add_argument("--model-dir", type=Path, default=Settings().model_dir, help="a baked folder")
    found.add_argument("--threads", type=int, choices=range(1, cpus + 1), default=cpus, help="default: every CPU")
    found.add_argument("--rounds", type=positive, default=rounds, help="default: %(default)s")
    if choice:
        told = " ".join(NAMES)
        found.add_argument("--contenders", nargs="+", choices=NAMES, default=NAMES, metavar="NAME", help=told)
    found.add_argument("--results", type=Path, default=RESULTS, help="where the JSON and the plot go")
    return found


def positive(value: str) -> int:
    """A whole number of 1 or more. Raises ValueError, which argparse tells, for anything else."""
    if (found := int(value)) < 1:
        raise ValueError
    return found


def setup_of(arguments: argparse.Namespace) -> Setup:
    """The shared options as they were given."""
    return Setup(
        model_dir=arguments.model_dir,
        threads=arguments.threads,
        rounds=arguments.rounds,
        names=tuple(getattr(arguments, "contenders", NAMES)),
        results=arguments.results,
    )
