"""What needs rich: the table and the progress bar that a person at a terminal sees."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from agnews.cli.files.writers import Outcome, Write, marks_of, shortened, topic_and_score
from agnews.errors import AgNewsError

try:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.table import Table
    from rich.text import Text
except ImportError as error:
    raise AgNewsError(f"the terminal's table and progress bar need rich: pip install -e '.[cli]' ({error})") from error

STYLES = {"World": "cyan", "Sports": "green", "Business": "yellow", "Sci/Tech": "magenta", "error": "red"}
NOTE_WIDTH = 20


def terminal_writer() -> Write:
    """Prints a table per chunk, the header above the first; columns have fixed widths, so that the chunks line up."""
    console = Console()
    begun = False

    def write_all(outcomes: Sequence[Outcome]) -> None:
        nonlocal begun
        table = empty_table(show_header=not begun)
        begun = True
        for outcome in outcomes:
            topic, score = topic_and_score(outcome.answer)
            notes = Text(", ".join(marks_of(outcome.answer)), "red" if "error" in outcome.answer else "dim")
            headline = Text(shortened(outcome.text or ""))
            table.add_row(headline, Text(topic, STYLES.get(topic, "dim")), score, notes)
            for label, value in list(outcome.answer.get("scores", {}).items())[1:]:
                table.add_row("", Text(label, "dim"), Text(f"{value:.4f}", "dim"))
        console.print(table)

    return write_all


def empty_table(show_header: bool) -> Table:
    """The table's columns, without rows."""
    table = Table(box=None, expand=True, show_header=show_header, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("Headline", ratio=1, no_wrap=True, overflow="ellipsis")
    table.add_column("Topic", width=8)
    table.add_column("Score", width=6)
    table.add_column("Notes", width=NOTE_WIDTH, no_wrap=True, overflow="ellipsis")
    return table


@contextmanager
def bar(total: int | None, unit: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error; call it with how many of `unit` are done and with how much of `total` that is."""
    columns = (
        BarColumn(),
        *((TaskProgressColumn(), TimeRemainingColumn()) if total else ()),
        TextColumn("{task.fields[count]:,} " + unit),
        TextColumn("{task.fields[rate]:,.0f} " + unit + "/s"),
    )
    begun = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=total or None, count=0, rate=0.0)

        def advance(count: int, done: int) -> None:
            rate = count / max(time.monotonic() - begun, 1e-9)
            progress.update(task, completed=done, count=count, rate=rate)

        yield advance


@contextmanager
def run_bar() -> Iterator[Callable[[int, int, int, float | None], None]]:
    """A bar on standard error for a run elsewhere; call it with rows done, in all and failed, and dollars if known."""
    columns = (BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), TextColumn("{task.fields[told]}"))
    begun: tuple[float, int] | None = None
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None, told="waiting for the first batch")

        def show(done: int, total: int, failed: int, cost: float | None) -> None:
            nonlocal begun
            begun = begun or (time.monotonic(), done)
            rate = (done - begun[1]) / max(time.monotonic() - begun[0], 1e-9)
            price = "" if cost is None else f", about ${cost:,.2f}"
            told = f"{done:,} of {total:,} rows, {failed:,} failed, {rate:,.0f} rows/s{price}"
            progress.update(task, completed=done, total=total or None, told=told)

        yield show
