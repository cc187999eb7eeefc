"""What every benchmark takes on its command line."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agnews.settings import Settings
from benchmarks.contenders import Contender
from benchmarks.record import SPEED


@dataclass(frozen=True)
class Setup:
    """What is measured, and how."""

    model_dir: Path
    """A baked folder."""
    threads: int
    """CPUs that a contender may use, and threads it is told to."""
    rounds: int
    names: tuple[str, ...] | None
    """The contenders asked for by name; None: all that can run here."""
    results: Path


def parser(about: str | None, rounds: int, contenders: Sequence[Contender] = ()) -> argparse.ArgumentParser:
    """The options that all share, and a choice of `contenders` if there is one; `about` is the module's docstring."""
    found = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    cpus = len(os.sched_getaffinity(0))
    found.add_argument("--model-dir", type=Path, default=Settings().model_dir, help="a baked folder")
    found.add_argument("--threads", type=int, choices=range(1, cpus + 1), default=cpus, help="default: every CPU")
    found.add_argument("--rounds", type=positive, default=rounds, help="default: %(default)s")
    if names := [contender.name for contender in contenders]:
        found.add_argument("--contenders", nargs="+", choices=names, metavar="NAME", help=" ".join(names))
    found.add_argument("--results", type=Path, default=SPEED, help="where the JSON and the plot go")
    return found


def positive(value: str) -> int:
    """A whole number of 1 or more. Raises ValueError, which argparse tells, for anything else."""
    if (found := int(value)) < 1:
        raise ValueError
    return found


def setup_of(arguments: argparse.Namespace) -> Setup:
    """The shared options as they were given."""
    asked = getattr(arguments, "contenders", None)
    return Setup(
        model_dir=arguments.model_dir,
        threads=arguments.threads,
        rounds=arguments.rounds,
        names=tuple(asked) if asked else None,
        results=arguments.results,
    )
