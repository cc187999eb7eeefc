"""`agnews classify`: headlines in, topics out."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agnews.api.request import Options, read_options
from agnews.cli.chunks import chunks, outcomes
from agnews.cli.console import Advance, progress, say, utf8_output
from agnews.cli.engine import settings_of
from agnews.cli.files.arrivals import Arrivals
from agnews.cli.files.columns import Names
from agnews.cli.files.rows import LINE_BYTES, Row, Source, open_source, read_lines, text_source
from agnews.cli.files.writers import WRITERS, Format, Outcome, Write, marks_of, replacing
from agnews.errors import InputError
from agnews.model.classifier import Classifier, load
from agnews.settings import Settings

OUTPUTS: dict[str, Format] = {".csv": "csv", ".jsonl": "jsonl"}
MESSAGES = 20
"""Rows whose error is told on standard error; the others are counted."""


@dataclass
class Tally:
    """How far a run came."""

    rows: int = 0
    failed: int = 0
    line: int = 0


def classify(arguments: argparse.Namespace) -> int:
    """0, or 1 if some rows failed, 130 if it was interrupted."""
    options = read_options({"top_k": arguments.top_k, "min_score": arguments.min_score})
    check_paths(arguments)
    settings = settings_of(arguments)
    tally = Tally()
    try:
        with ExitStack() as stack:
            source = stack.enter_context(source_of(arguments))
            classifier = load(settings)
            write = stack.enter_context(writer_of(arguments, source, options))
            advance = stack.enter_context(progress(bar_wanted(arguments), source.size, "rows"))
            run(source, classifier, settings, options, write, advance, tally)
    except KeyboardInterrupt:
        kept = f"; {arguments.output} was not written" if arguments.output else ""
        say(f"interrupted after {tally.rows:,} rows, at line {tally.line:,}{kept}")
        return 130
    if arguments.output and sys.stderr.isatty():
        say(f"{tally.rows:,} rows written to {arguments.output}")
    if tally.failed > MESSAGES:
        say(f"… and {tally.failed - MESSAGES:,} more")
    if tally.failed:
        say(f"{tally.failed:,} of {tally.rows:,} rows could not be answered")
    return 1 if tally.failed else 0


def run(
    source: Source,
    classifier: Classifier,
    settings: Settings,
    options: Options,
    write: Write,
    advance: Advance,
    tally: Tally,
) -> None:
    """Returns when every row is answered and written; `tally` says how far it is."""
    for rows in chunks(source.rows, source.idle):
        found = outcomes(rows, source.columns, classifier, settings, options)
        write(found)
        if source.idle():
            sys.stdout.flush()
        tell(found, source.name, tally)
        tally.rows += len(rows)
        tally.line = rows[-1].line
        advance(tally.rows, rows[-1].end)


def tell(found: list[Outcome], name: str, tally: Tally) -> None:
    """Returns when the chunk's failed rows are counted, and the first ones told by their line."""
    for outcome in found:
        if "error" in outcome.answer:
            tally.failed += 1
            if tally.failed <= MESSAGES:
                say(f"{name}:{outcome.row.line}: {marks_of(outcome.answer)[0]}")


def check_paths(arguments: argparse.Namespace) -> None:
    """Returns if the arguments go together. Raises InputError, saying which do not."""
    path, output = arguments.file, arguments.output
    if path and arguments.texts:
        raise InputError("headlines are given and --file, too; send one or the other")
    if output is None:
        return
    if arguments.format:
        raise InputError("--format is for standard output; a file's suffix, .csv or .jsonl, says its form")
    if output.suffix.lower() not in OUTPUTS:
        raise InputError(f"--output {output}: expected a name that ends in {' or '.join(OUTPUTS)}")
    if path and same_file(path, output):
        raise InputError(f"--output is the input, {path}; name another file")


def same_file(one: Path, other: Path) -> bool:
    """True if both names lead to one file that exists."""
    return one.exists() and other.exists() and one.samefile(other)


@contextmanager
def source_of(arguments: argparse.Namespace) -> Iterator[Source]:
    """The rows of the arguments, of the file or of standard input."""
    names = Names(arguments.column, arguments.description_column, arguments.id_column)
    if arguments.file:
        with open_source(arguments.file, names) as source:
            yield source
    elif arguments.texts:
        if names != Names():
            raise InputError("--column, --description-column and --id-column are for files")
        yield Source("headline", (Row(number, text) for number, text in enumerate(arguments.texts, 1)))
    else:
        if sys.stdin is None:
            raise InputError("there is no standard input; give headlines or --file")
        if sys.stdin.isatty():
            say("reading headlines from the keyboard, one a line; end with Ctrl-D")
        arrivals = Arrivals(sys.stdin.fileno(), LINE_BYTES)
        yield replace(text_source("standard input", read_lines(arrivals), names), idle=arrivals.idle)


@contextmanager
def writer_of(arguments: argparse.Namespace, source: Source, options: Options) -> Iterator[Write]:
    """Where outcomes go: the output file, or standard output in its format."""
    if arguments.output:
        with replacing(arguments.output) as stream:
            yield WRITERS[OUTPUTS[arguments.output.suffix.lower()]](stream, source.header, options)
    elif sys.stdout.isatty() and arguments.format in (None, "table"):
        from agnews.cli.terminal import terminal_writer  # rich: 60 ms, and not installed where nobody looks

        yield terminal_writer()
    else:
        yield WRITERS[arguments.format or "table"](utf8_output(), source.header, options)


def bar_wanted(arguments: argparse.Namespace) -> bool:
    """True if somebody looks at standard error, and no rows run past on the same terminal."""
    return sys.stderr.isatty() and not arguments.texts and (bool(arguments.output) or not sys.stdout.isatty())
