"""`agnews completion`: a script for the shell that completes commands, options and files."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from agnews.cli.arguments import build_parser
from agnews.cli.console import utf8_output


def completion(arguments: argparse.Namespace) -> int:
    """Run the command. Returns 0."""
    import shtab

    parser = build_parser()
    for action in file_arguments(parser):
        action.complete = shtab.FILE
    utf8_output().write(shtab.complete(parser, arguments.shell) + "\n")
    return 0


def file_arguments(parser: argparse.ArgumentParser) -> Iterator[Any]:
    """Yield the arguments, also of subcommands, that take a file."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from file_arguments(command)
        elif action.type is Path or "FILE" in (action.metavar or ""):
            yield action
