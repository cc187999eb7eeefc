"""An argument parser whose errors are short and suggest what was meant."""

import argparse
import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import NoReturn

_CHOICE = re.compile(r"invalid choice: '(.*)' \(choose from (.*)\)", re.DOTALL)
MAX_CHARS_SHOWN = 40


class Parser(argparse.ArgumentParser):
    """Prints an error as three lines: a short usage, the error, and how to get help."""

    def error(self, message: str) -> NoReturn:
        """Print the error, with a suggestion for a misspelt choice, and exit with status 2."""
        choice = _CHOICE.search(message)
        if choice:
            word, choices = choice[1], re.findall(r"[\w-]+", choice[2])
            shown = word if len(word) <= MAX_CHARS_SHOWN else f"{word[: MAX_CHARS_SHOWN - 1]}…"
            suggestion = did_you_mean(word, choices)
            if not suggestion:
                suggestion = f"; expected {', '.join(choices)}"
                if self._subparsers:
                    suggestion += f"; to classify a headline: {self.prog} classify HEADLINE"
            message = f"{message[: choice.start()]}there is no {shown!r}{suggestion}"
        usage = f"usage: {self.prog}{' COMMAND' if self._subparsers else ''} [options] …"
        self.exit(2, f"{usage}\n{self.prog}: {message}\n`{self.prog} --help` lists the options\n")

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Print the arguments that the parser does not know, with suggestions for options, and exit with status 2."""
        options = [option for action in self._actions for option in action.option_strings]
        names = (name.partition("=")[0] for name in unknown if name.startswith("-"))
        suggestions = (did_you_mean(name, options) for name in names)
        self.error(f"unrecognized arguments: {' '.join(unknown)}{next(filter(None, suggestions), '')}")


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """Return a question that names the most similar of the names; empty if none is similar."""
    similar = get_close_matches(word.lower(), list(names), 1)
    return f"; did you mean {similar[0]}?" if similar else ""
