"""The `agnews` command: run a subcommand and return its exit status. `agnews --help` imports nothing heavy."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from agnews.cli.arguments import parse_arguments
from agnews.cli.files.atomic import NO_SPACE
from agnews.errors import AgNewsError

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
received: list[int] = []
"""The signal that ended the command, if one did."""
CHECK_S = 0.05
"""Seconds between two checks that no library has dropped the exception that ends the command."""


def load_command(name: str) -> Callable[[argparse.Namespace], int]:
    """Import and return a subcommand: numpy and onnxruntime take 0.2 s that --help does not pay."""
    match name:
        case "classify":
            from agnews.cli.classify import classify as command
        case "serve":
            from agnews.cli.serve import serve as command
        case "info":
            from agnews.cli.info import info as command
        case "evaluate":
            from agnews.cli.evaluation.command import evaluate as command
        case "completion":
            from agnews.cli.completion import completion as command
        case _:
            from agnews.cli.bulk.command import bulk as command
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status. Raises SystemExit for --help, --version and wrong arguments."""
    prepare_process()
    try:
        return reported(argv)
    finally:
        finish_process()


def reported(argv: Sequence[str] | None) -> int:
    """Run the command and return its exit status. Errors and interruptions are one line."""
    try:
        status = run(argv)
        sys.stdout.flush()
    except AgNewsError as error:
        sys.stderr.write(f"agnews: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("agnews: interrupted\n")
        return 128 + (received[0] if received else signal.SIGINT)
    except BrokenPipeError:
        discard_output()
        return 141  # what a shell reports of a program that SIGPIPE ended
    except OSError as error:
        discard_output()
        sys.stderr.write(f"agnews: {error.filename or 'standard output'}: {error.strerror}{remedy(error)}\n")
        return 2
    return status


def remedy(error: OSError) -> str:
    """Return what to do about a full disk; empty for other errors."""
    return "; free some space, or write to another disk" if error.errno in NO_SPACE else ""


def run(argv: Sequence[str] | None) -> int:
    """Parse the arguments and run the subcommand, or without one print the help."""
    try:
        arguments = parse_arguments(argv)
    except SystemExit:
        sys.stdout.flush()  # here, where `main` still handles a closed pipe
        raise
    try:
        return load_command(arguments.command)(arguments) if arguments.command else 0
    except Exception as error:
        if received:  # a module that is interrupted while it is imported raises ImportError
            raise KeyboardInterrupt from error
        raise


def prepare_process() -> None:
    """Reopen closed output streams, and make signals that end a process raise, so that part files are removed."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 (for as long as the process lives)
    for number in ENDINGS:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):  # nohup ignores SIGHUP
            signal.signal(number, end)


def end(number: int, _frame: FrameType | None) -> None:
    """Raise the exception that ends the command. A second signal ends the process at once."""
    for other in ENDINGS:
        if signal.getsignal(other) is end:
            signal.signal(other, lambda number, _: os._exit(128 + number))
    received.append(number)
    sys.unraisablehook = report_unless_ending
    signal.signal(signal.SIGALRM, raise_unless_ending)
    signal.setitimer(signal.ITIMER_REAL, CHECK_S, CHECK_S)
    raise_ending()


def raise_ending() -> NoReturn:
    """Raise the exception for the signal that was received."""
    if received[-1] == signal.SIGINT:
        raise KeyboardInterrupt
    sys.exit(128 + received[-1])  # the exit status that a shell reports


def raise_unless_ending(_number: int, _frame: FrameType | None) -> None:
    """Raise the ending again, unless it is being handled: libraries, destructors and callbacks may drop it."""
    error = sys.exception()
    while error is not None:
        if isinstance(error, KeyboardInterrupt | SystemExit):
            return
        error = error.__context__
    raise_ending()


def report_unless_ending(dropped: "sys.UnraisableHookArgs") -> None:
    """Print an exception that Python drops, unless it is the ending, which will be raised again."""
    if not isinstance(dropped.exc_value, KeyboardInterrupt | SystemExit):
        sys.__unraisablehook__(dropped)


def finish_process() -> None:
    """Let signals end the process at once: everything is written, and the exit status is known."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    for number in ENDINGS:
        if signal.getsignal(number) is end:
            signal.signal(number, signal.SIG_DFL)


def discard_output() -> None:
    """Redirect the output to the null device, so that the interpreter's last flush does not fail again."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(null, stream.fileno())
    os.close(null)
