"""`agnews bulk`: whole files of S3 through the deployed state machine."""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from agnews.api.request import Json, read_options
from agnews.cli.bulk.aws import client
from agnews.cli.bulk.cost import Meter, meter
from agnews.cli.bulk.execution import Counts, machine_arn, region_of, result_files, rows_with_errors, start, watch
from agnews.cli.bulk.s3 import check_bucket, columns_of, input_place, output_place
from agnews.cli.console import say
from agnews.cli.files.columns import Names
from agnews.errors import AgNewsError, InputError

SECONDS_BETWEEN_LOOKS = 2.0

Show = Callable[[int, int, int, float | None], None]
"""Shows how far a run is: rows done, in all and failed, and dollars, where they are known."""


def bulk(arguments: argparse.Namespace) -> int:
    """0, or 1 if some rows failed, 130 if it was left to itself. Raises AgNewsError if the run failed."""
    if arguments.follow:
        given = (arguments.input, arguments.output, arguments.state_machine, *options_of(arguments).values())
        if any(value is not None for value in given) or arguments.no_wait:
            raise InputError("--follow goes with nothing else: the run has its input, output and options")
        return follow(arguments.follow)
    if arguments.input is None or arguments.output is None:
        raise InputError("name the input and the output: agnews bulk s3://bucket/in.csv s3://bucket/out/")
    execution = begin(arguments)
    say(f"started {execution}")
    if arguments.no_wait:
        say(look_again(execution))
        return 0
    return follow(execution)


def options_of(arguments: argparse.Namespace) -> dict[str, Json]:
    """The options as they were given, None where they were not."""
    return {
        "top_k": arguments.top_k,
        "min_score": arguments.min_score,
        "text_column": arguments.column,
        "description_column": arguments.description_column,
        "id_column": arguments.id_column,
    }


def begin(arguments: argparse.Namespace) -> str:
    """The ARN of the execution that was started, after a look at the input."""
    options = options_of(arguments)
    read_options(options)
    source, form = input_place(arguments.input)
    output = output_place(arguments.output)
    names = Names(arguments.column, arguments.description_column, arguments.id_column)
    s3 = client("s3")
    columns = columns_of(s3, source, form, names)
    check_bucket(s3, output)
    chosen = {key: options[key] for key in ("top_k", "min_score") if options[key] is not None}
    return start(machine_arn(arguments.state_machine), source, form, output, chosen | columns)


def look_again(execution: str) -> str:
    """How to come back to a run."""
    return f"it runs without this command; look again: agnews bulk --follow {execution}"


def follow(execution: str) -> int:
    """As `bulk`, once the run has ended or Ctrl-C was pressed."""
    region = region_of(execution, "execution")
    states = client("stepfunctions", region)
    try:
        costs = meter(states, client("lambda", region), execution)
        with bar() as show:
            counts = Counts("RUNNING")
            for counts in watch(states, execution):
                show(counts.done, counts.total, counts.failed, dollars(costs, counts))
                if counts.status == "RUNNING":
                    time.sleep(SECONDS_BETWEEN_LOOKS)
    except KeyboardInterrupt:
        say(look_again(execution))
        return 130
    except InputError:
        raise  # there is no such execution
    except AgNewsError:
        say(look_again(execution))  # what failed is the looking
        raise
    return ended(execution, counts, dollars(costs, counts))


def dollars(costs: Meter | None, counts: Counts) -> float | None:
    """What the run cost up to now, about."""
    return costs.dollars(counts, time.monotonic()) if costs else None


def bar() -> AbstractContextManager[Show]:
    """A progress bar for who looks at standard error, or what looks like one to its caller."""
    if not sys.stderr.isatty():
        return nullcontext(_ignore)
    from agnews.cli.terminal import run_bar

    return run_bar()


def _ignore(*_: object) -> None: ...


def ended(execution: str, counts: Counts, cost: float | None) -> int:
    """0 or 1, after the results' addresses are on standard output. Raises AgNewsError if the run failed."""
    told = "" if cost is None else f", about ${cost:,.2f} by us-east-1's prices"
    if counts.status != "SUCCEEDED":
        reason = counts.error or f"it ended as {counts.status}"
        raise AgNewsError(f"the run failed after {counts.done:,} rows{told}: {reason} ({execution})")
    say(f"{counts.done:,} rows, {counts.failed:,} of them in batches that failed{told}")
    files = result_files(counts.results) if counts.results else {}
    for file in files.get("SUCCEEDED", []):
        sys.stdout.write(f"{file}\n")
    for kind in ("FAILED", "PENDING"):
        for file in files.get(kind, []):
            say(f"{kind.lower()} batches, with their rows and errors: {file}")
    bad = sum(map(rows_with_errors, files.get("SUCCEEDED", [])))
    if bad:
        say(f"{bad:,} rows have an error in place of a topic")
    return 1 if counts.failed or bad else 0
