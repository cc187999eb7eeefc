"""`agnews classify`: classify headlines from arguments, a file or standard input."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from agnews.api.answer import answers
from agnews.api.request import Item, Options, Request, read_item, read_options
from agnews.cli.arguments import settings_from
from agnews.cli.console import Advance, progress, say, utf8_output
from agnews.cli.files.atomic import atomic_file
from agnews.cli.files.columns import ColumnNames
from agnews.cli.files.rows import InputRow, Source, never_idle, text_row
from agnews.cli.files.sources import Reading, open_source, open_standard_input
from agnews.cli.files.writers import WRITERS, AnsweredRow, Format, Write, notes_on
from agnews.errors import InputError
from agnews.model.classifier import Classifier, load
from agnews.settings import Settings

CHUNK_ROWS = 2_000
CHUNK_BYTES = 8 * 1024 * 1024
OUTPUT_FORMATS: dict[str, Format] = {".csv": "csv", ".jsonl": "jsonl"}
MAX_ERRORS_REPORTED = 20
"""Rows whose error is printed; later ones are only counted."""


@dataclass
class Tally:
    """The rows answered so far, how many of them failed, and the line of the last one."""

    rows: int = 0
    failed: int = 0
    line: int = 0


def classify(arguments: argparse.Namespace) -> int:
    """Run the command. Returns 0, 1 if some rows failed, or 130 if it was interrupted."""
    options = read_options({"top_k": arguments.top_k, "min_score": arguments.min_score})
    check_paths(arguments)
    settings = settings_from(arguments)
    tally = Tally()
    try:
        with ExitStack() as stack:
            source = stack.enter_context(open_input(arguments))
            classifier = load(settings)
            write = stack.enter_context(open_output(arguments, source, options))
            advance = stack.enter_context(progress(wants_progress(arguments), source.size, "rows"))
            classify_source(source, classifier, settings, options, write, advance, tally)
    except KeyboardInterrupt:
        unwritten = f"; {arguments.output} was not written" if arguments.output else ""
        say(f"interrupted after {tally.rows:,} rows, at line {tally.line:,}{unwritten}")
        return 130
    if arguments.output and sys.stderr.isatty():
        say(f"{tally.rows:,} rows written to {arguments.output}")
    return summarise(tally)


def summarise(tally: Tally) -> int:
    """Print how many rows failed, if any, and return the exit status."""
    if tally.failed > MAX_ERRORS_REPORTED:
        say(f"… and {tally.failed - MAX_ERRORS_REPORTED:,} more")
    if tally.failed:
        say(f"{tally.failed:,} of {tally.rows:,} rows could not be answered")
    return 1 if tally.failed else 0


def check_paths(arguments: argparse.Namespace) -> None:
    """Raise InputError if the arguments contradict each other."""
    path, output = arguments.file, arguments.output
    if path and arguments.texts:
        raise InputError("give headlines as arguments or with --file, not both")
    if output is None:
        return
    if arguments.format:
        raise InputError("--format applies to stdout only; --output takes its format from the suffix, .csv or .jsonl")
    if output.suffix.lower() not in OUTPUT_FORMATS:
        raise InputError(f"--output {output}: expected a name that ends in {' or '.join(OUTPUT_FORMATS)}")
    if path and same_file(path, output):
        raise InputError(f"--output is the input, {path}; name another file")


def same_file(path: Path, other: Path) -> bool:
    """Return whether both paths lead to the same existing file."""
    return path.exists() and other.exists() and path.samefile(other)


@contextmanager
def open_input(arguments: argparse.Namespace) -> Iterator[Source]:
    """Yield the rows of --file, of the headlines given as arguments, or of standard input."""
    names = ColumnNames(arguments.column, arguments.description_column, arguments.id_column)
    reading = Reading(arguments.input_format, arguments.encoding)
    if arguments.file and str(arguments.file) != "-":
        with open_source(arguments.file, names, reading) as source:
            yield source
    elif arguments.texts:
        if names != ColumnNames() or reading != Reading():
            raise InputError("--column and the other options about columns and files need a file")
        yield Source("headline", (text_row(number, text) for number, text in enumerate(arguments.texts, 1)))
    else:
        if sys.stdin is not None and sys.stdin.isatty():
            say("type one headline per line, and Ctrl-D to end")
        with open_standard_input(names, reading) as source:
            yield source


@contextmanager
def open_output(arguments: argparse.Namespace, source: Source, options: Options) -> Iterator[Write]:
    """Yield the function that writes answered rows to --output or to stdout."""
    if arguments.output:
        with atomic_file(arguments.output) as stream:
            yield WRITERS[OUTPUT_FORMATS[arguments.output.suffix.lower()]](stream, source.header, options)
    elif sys.stdout.isatty() and arguments.format in (None, "table"):
        from agnews.cli.terminal import terminal_writer  # rich: 60 ms

        yield terminal_writer()
    else:
        yield WRITERS[arguments.format or "table"](utf8_output(), source.header, options)


def wants_progress(arguments: argparse.Namespace) -> bool:
    """Return whether to show a progress bar: stderr is a terminal, and no rows are printed to the same terminal."""
    return sys.stderr.isatty() and not arguments.texts and (bool(arguments.output) or not sys.stdout.isatty())


def classify_source(
    source: Source,
    classifier: Classifier,
    settings: Settings,
    options: Options,
    write: Write,
    advance: Advance,
    tally: Tally,
) -> None:
    """Answer and write every row of the source, a chunk at a time, and count them in `tally`."""
    for rows in row_chunks(source.rows, source.idle):
        answered = answer_rows(rows, classifier, settings, options)
        write(answered)
        if source.idle():
            sys.stdout.flush()
        report_errors(answered, source.name, tally)
        tally.rows += len(rows)
        tally.line = rows[-1].line
        advance(tally.rows, rows[-1].end)


def row_chunks(
    rows: Iterable[InputRow], idle: Callable[[], bool] = never_idle, max_rows: int = CHUNK_ROWS
) -> Iterator[list[InputRow]]:
    """Yield lists of at most `max_rows` rows and about CHUNK_BYTES bytes, so that memory does not grow with the input.

    When `idle()` is true, the next row has yet to arrive, and the rows read so far are yielded.
    """
    chunk: list[InputRow] = []
    chunk_start = 0
    for row in rows:
        chunk.append(row)
        if len(chunk) >= max_rows or row.end - chunk_start >= CHUNK_BYTES or idle():
            yield chunk
            chunk, chunk_start = [], row.end
    if chunk:
        yield chunk


def answer_rows(
    rows: Sequence[InputRow], classifier: Classifier, settings: Settings, options: Options
) -> list[AnsweredRow]:
    """Return each row with its answer, in order."""
    items = tuple(item_of(row, settings) for row in rows)
    predictions = answers(Request(items, options), classifier, settings)
    return [
        AnsweredRow(row, item_text(row, item), answer)
        for row, item, answer in zip(rows, items, predictions, strict=True)
    ]


def item_of(row: InputRow, settings: Settings) -> Item:
    """Return the row's text or its error, with its id."""
    item = read_item(row.value, settings)
    return item if row.error is None else Item(None, row.error, item.id)


def item_text(row: InputRow, item: Item) -> str | None:
    """Return the text that was classified, or the string that was refused."""
    return row.value if item.text is None and isinstance(row.value, str) else item.text


def report_errors(answered: Sequence[AnsweredRow], name: str, tally: Tally) -> None:
    """Count the failed rows, and print the errors of the first MAX_ERRORS_REPORTED with their line numbers."""
    for row in answered:
        if "error" in row.answer:
            tally.failed += 1
            if tally.failed <= MAX_ERRORS_REPORTED:
                say(f"{name}:{row.row.line}: {notes_on(row.answer)[0]}")
