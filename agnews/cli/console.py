"""Standard output and standard error of all commands."""

import io
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TextIO

Advance = Callable[[int, int], None]
"""Takes how many items are done, and how much of the total that is."""
ShowRun = Callable[[int, int, int, float | None], None]
"""Takes the rows done, in total and failed, and the cost in dollars if it is known."""


def say(message: str) -> None:
    """Print `message` to stderr."""
    sys.stderr.write(f"agnews: {message}\n")
    sys.stderr.flush()


def progress(shown: bool, total: int | None, unit: str) -> AbstractContextManager[Advance]:
    """Return a progress bar on stderr, or if it is not to be shown, one that does nothing."""
    if not shown:
        return nullcontext(no_progress)
    from agnews.cli.terminal import progress_bar  # rich: 60 ms

    return progress_bar(total, unit)


def no_progress(*_: object) -> None:
    """Do nothing."""


def utf8_output() -> TextIO:
    """Return stdout, switched to UTF-8 whatever the locale: headlines come in every script."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    return sys.stdout
