"""Standard output and standard error of every command."""

import io
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

Advance = Callable[[int, int], None]


def say(message: str) -> None:
    """Returns when `message` stands on standard error."""
    sys.stderr.write(f"agnews: {message}\n")
    sys.stderr.flush()


def progress(shown: bool, total: int | None, unit: str) -> AbstractContextManager[Advance]:
    """A progress bar, or what looks like one to its caller."""
    if not shown:
        return nullcontext(_ignore)
    from agnews.cli.terminal import bar  # rich: 60 ms, and not installed where nobody looks

    return bar(total, unit)


def _ignore(count: int, done: int) -> None: ...


def utf8_output() -> TextIO:
    """Standard output as UTF-8, whatever the locale says: headlines have every script."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    return sys.stdout
