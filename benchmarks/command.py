"""The command-line options that benchmarks share."""

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
    """How many CPUs a contender may use, and how many threads it is set to."""
    rounds: int
    names: tuple[str, ...] | None
    """The contenders asked for by name; None means all that can run here."""
    results: Path


def parser(
    about: str | None, rounds: int, contenders: Sequence[Contender] = (), results: Path = SPEED
) -> argparse.ArgumentParser:
    """Return a parser of the shared options, with a choice among `contenders`; `about` is the module's docstring."""
    options = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    cpus = len(os.sched_getaffinity(0))
    options.add_argument("--model-dir", type=Path, default=Settings().model_dir, help="a baked folder")
    options.add_argument("--threads", type=int, choices=range(1, cpus + 1), default=cpus, help="default: every CPU")
    options.add_argument("--rounds", type=positive, default=rounds, help="default: %(default)s")
    if names := [contender.name for contender in contenders]:
        options.add_argument("--contenders", nargs="+", choices=names, metavar="NAME", help=" ".join(names))
    options.add_argument("--results", type=Path, default=results, help="default: %(default)s")
    return options


def positive(value: str) -> int:
    """Return a whole number of at least 1. Raises ValueError, which argparse reports, for anything else."""
    if (number := int(value)) < 1:
        raise ValueError
    return number


def setup_of(arguments: argparse.Namespace) -> Setup:
    """Return the shared options as they were given."""
    names = getattr(arguments, "contenders", None)
    return Setup(
        model_dir=arguments.model_dir,
        threads=arguments.threads,
        rounds=arguments.rounds,
        names=tuple(names) if names else None,
        results=arguments.results,
    )
