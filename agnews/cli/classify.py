"""`agnews classify`: classify headlines from arguments, a file or standard input."""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache

from agnews.api.answer import answers
from agnews.api.columns import ColumnNames
from agnews.api.options import OPTION_KEYS, Options, read_options
from agnews.api.request import Item, Request, read_item, row_keys
from agnews.cli.arguments import settings_from
from agnews.cli.console import Advance, progress, say, utf8_output
from agnews.cli.files.atomic import atomic_file
from agnews.cli.files.rows import InputRow, Source, never_idle
from agnews.cli.files.writers import WRITERS, AnsweredRow, Contents, Format, Write
from agnews.cli.input import check_output, input_path, open_input
from agnews.cli.tally import Tally
from agnews.errors import InputError
from agnews.model.checkpoint import read_checkpoint
from agnews.model.classifier import Classifier, load
from agnews.settings import Settings

CHUNK_ROWS = 2_000
CHUNK_BYTES = 8 * 1024 * 1024
OUTPUT_FORMATS: dict[str, Format] = {".csv": "csv", ".jsonl": "jsonl"}
FIND_KEYS = lru_cache(1_000)(row_keys)
"""Remembers the keys of JSON objects, which are the same in most rows."""
EXPLAINED_ROWS = 50
"""Rows in a chunk with explanations, each of which takes an inference for each of its words."""


def classify(arguments: argparse.Namespace) -> int:
    """Run the command. Returns 0, 1 if some rows failed, or 130 if it was interrupted."""
    settings = settings_from(arguments)
    labels = read_checkpoint(settings.model_dir).labels
    options = read_options({name: getattr(arguments, name) for name in OPTION_KEYS}, len(labels))
    path = input_path(arguments.file, arguments.texts)
    check_output_options(arguments)
    check_output(path, arguments.texts, arguments.output)
    tally = Tally()
    try:
        with ExitStack() as stack:
            source = stack.enter_context(open_input(arguments, path))
            classifier = load(settings)
            write = stack.enter_context(open_output(arguments, Contents(source.header, options, labels)))
            advance = stack.enter_context(progress(wants_progress(arguments), source.size, "rows"))
            classify_source(source, classifier, settings, options, write, advance, tally)
    except KeyboardInterrupt:
        unwritten = f"; {arguments.output} was not written" if arguments.output else ""
        say(f"interrupted after {tally.rows:,} rows, at line {tally.line:,}{unwritten}")
        return 130
    status = tally.summarise(source.name, source.notes, source.header)
    if arguments.output:
        say(f"{tally.rows:,} rows written to {arguments.output}")
    return status


def check_output_options(arguments: argparse.Namespace) -> None:
    """Raise InputError if --output has an unknown suffix or contradicts --format."""
    output = arguments.output
    if output is None:
        return
    if arguments.format:
        raise InputError("--format applies to stdout only; --output takes its format from the suffix, .csv or .jsonl")
    if output.suffix.lower() not in OUTPUT_FORMATS:
        raise InputError(f"--output {output}: expected a name that ends in {' or '.join(OUTPUT_FORMATS)}")


@contextmanager
def open_output(arguments: argparse.Namespace, contents: Contents) -> Iterator[Write]:
    """Yield the function that writes answered rows to --output or to stdout."""
    if arguments.output:
        with atomic_file(arguments.output) as stream:
            yield WRITERS[OUTPUT_FORMATS[arguments.output.suffix.lower()]](stream, contents)
    elif sys.stdout.isatty() and arguments.format in (None, "table"):
        from agnews.cli.terminal import terminal_writer  # rich: 60 ms

        yield terminal_writer(contents.labels)
    else:
        yield WRITERS[arguments.format or "table"](utf8_output(), contents)


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
    max_rows = EXPLAINED_ROWS if options.explain else CHUNK_ROWS
    for rows in row_chunks(source.rows, source.idle, max_rows):
        answered = answer_rows(rows, source.names, classifier, settings, options)
        write(answered)
        if source.idle():
            sys.stdout.flush()
        tally.add(answered, source.name)
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
    rows: Sequence[InputRow], names: ColumnNames, classifier: Classifier, settings: Settings, options: Options
) -> list[AnsweredRow]:
    """Return each row with its answer, in order."""
    items = tuple(item_of(row, names, settings) for row in rows)
    # The limit of texts is for requests; here it would count every word that is explained.
    predictions = answers(Request(items, options), classifier, settings._replace(max_texts=sys.maxsize))
    return [
        AnsweredRow(row, item_text(row, item), answer)
        for row, item, answer in zip(rows, items, predictions, strict=True)
    ]


def item_of(row: InputRow, names: ColumnNames, settings: Settings) -> Item:
    """Return the row's text or its error, with its id."""
    item = read_item(row.value, settings, names, FIND_KEYS)
    return item if row.error is None else Item(None, row.error, item.id)


def item_text(row: InputRow, item: Item) -> str | None:
    """Return the text as it was sent, or the string that was refused."""
    return row.value if item.text is None and isinstance(row.value, str) else item.sent
