"""The table and progress bars that are shown on a terminal. The only module that needs rich."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from agnews.cli.console import Advance, ShowRun
from agnews.cli.files.writers import (
    AnsweredRow,
    Write,
    explanation,
    notes_on,
    shortened,
    topic_and_score,
    topic_width,
)

STYLES = ("cyan", "green", "yellow", "magenta", "blue", "bright_cyan", "bright_green", "bright_magenta")
"""The colours of the topics, in the order of the labels; further labels get them again."""
NOTE_WIDTH = 20


def terminal_writer(labels: Sequence[str]) -> Write:
    """Return what prints each chunk as a table; fixed column widths line the chunks up below the one header."""
    console = Console()
    styles = styles_of(labels)
    first = True

    def write(rows: Sequence[AnsweredRow]) -> None:
        nonlocal first
        table = empty_table(topic_width(labels), show_header=first)
        first = False
        for answered in rows:
            add_to_table(table, answered, styles)
        console.print(table)

    return write


def styles_of(labels: Sequence[str]) -> dict[str, str]:
    """Return the colour of each label."""
    return {label: STYLES[index % len(STYLES)] for index, label in enumerate(labels)}


def empty_table(width: int, show_header: bool) -> Table:
    """Return the table's columns, without rows."""
    table = Table(box=None, expand=True, show_header=show_header, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("Topic", width=width)
    table.add_column("Score", width=6)
    table.add_column("Headline", ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column("Notes", width=NOTE_WIDTH, no_wrap=True, overflow="ellipsis")
    return table


def add_to_table(table: Table, answered: AnsweredRow, styles: Mapping[str, str]) -> None:
    """Add a row for the headline, and one below it for each further topic that was asked for."""
    topic, score = topic_and_score(answered.answer)
    # The message of an error follows below the table, with this line's number.
    failed = "error" in answered.answer
    error = f"line {answered.row.line:,}" if failed else ""
    notes = Text(error or ", ".join(notes_on(answered.answer)), "dim")
    style = "red" if failed else styles.get(topic, "dim")
    table.add_row(Text(topic, style), score, Text(shortened(answered.text or "")), notes)
    for label, label_score in list(answered.answer.get("scores", {}).items())[1:]:
        table.add_row(Text(label, "dim"), Text(f"{label_score:.4f}", "dim"))
    if answered.answer.get("explanation"):
        table.add_row("", "", Text(explanation(answered.answer), "dim"))


@contextmanager
def progress_bar(total: int | None, unit: str) -> Iterator[Advance]:
    """Show a bar on stderr for the block; without a total it shows no percentage."""
    columns = (
        BarColumn(),
        *((TaskProgressColumn(), TimeRemainingColumn()) if total else ()),
        TextColumn("{task.fields[count]:,} " + unit),
        TextColumn("{task.fields[rate]:,.0f} " + unit + "/s"),
    )
    start = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total or None, count=0, rate=0.0)

        def advance(count: int, done: int) -> None:
            rate = count / max(time.monotonic() - start, 1e-9)
            progress.update(task, completed=done, count=count, rate=rate)

        yield advance


@contextmanager
def bulk_progress_bar() -> Iterator[ShowRun]:
    """Show a bar on stderr for a run in AWS; its rate is counted from the first call."""
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.fields[summary]}"))
    first: tuple[float, int] | None = None
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None, summary="waiting for the first batch")

        def show(done: int, total: int, failed: int, cost: float | None) -> None:
            nonlocal first
            first = first or (time.monotonic(), done)
            rate = (done - first[1]) / max(time.monotonic() - first[0], 1e-9)
            price = "" if cost is None else f", about ${cost:,.2f}"
            summary = f"{done:,} of {total:,} rows, {failed:,} failed, {rate:,.0f} rows/s{price}"
            progress.update(task, completed=done, total=total or None, summary=summary)

        yield show
