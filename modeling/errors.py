"""Errors of training and baking. Every message says what to do."""

import contextlib
from collections.abc import Iterator

from agnews.errors import AgNewsError


class SourceError(AgNewsError):
    """A checkpoint or a data set is missing, damaged, or not one for AG News' topics."""


class BakeError(AgNewsError):
    """A bake was refused. Nothing was written: the checkpoint that was there is as it was."""


class TrainingError(AgNewsError):
    """A training or a calibration cannot begin with these options or in this folder."""


def packages_missing(what: str, error: ImportError) -> str:
    """Return the message that `what` needs packages, one of which could not be imported."""
    return f"{what} needs the training packages: pip install -e '.[train]' ({error})"


@contextlib.contextmanager
def exit_on_error() -> Iterator[None]:
    """End the program with one line for an error that the user can fix, or for Ctrl-C. For command lines."""
    try:
        yield
    except (AgNewsError, ImportError, OSError) as error:
        raise SystemExit(f"error: {error}") from error
    except KeyboardInterrupt:
        raise SystemExit("interrupted; run the same command to continue") from None
