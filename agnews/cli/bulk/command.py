"""The `agnews bulk` command: start a run, follow it, and print where its results are."""

import argparse
import sys
import time
from contextlib import AbstractContextManager, nullcontext

from agnews.api.columns import ColumnNames
from agnews.api.options import read_options
from agnews.api.values import Json
from agnews.cli.bulk.aws import client
from agnews.cli.bulk.check import check_head
from agnews.cli.bulk.cost import CostMeter, cost_meter
from agnews.cli.bulk.execution import (
    RunProgress,
    count_errors,
    machine_arn,
    region_of,
    result_files,
    start_execution,
    watch,
)
from agnews.cli.bulk.s3 import check_bucket, input_location, output_location, read_head
from agnews.cli.console import ShowRun, no_progress, say
from agnews.errors import AgNewsError, InputError
from agnews.labels import MAX_LABELS

POLL_INTERVAL_S = 2.0


def bulk(arguments: argparse.Namespace) -> int:
    """Run the command. Returns 0, 1 if some rows failed, or 130 if it was interrupted.

    Raises:
        AgNewsError: the run could not be started, or failed.
    """
    if arguments.follow:
        others = (arguments.input, arguments.output, arguments.state_machine, *options_from(arguments).values())
        if any(value is not None for value in others) or arguments.no_wait:
            raise InputError("--follow takes no other argument: the run already has its input, output and options")
        return follow(arguments.follow)
    if arguments.input is None or arguments.output is None:
        raise InputError("name the input and the output: agnews bulk s3://bucket/in.csv s3://bucket/out/")
    execution = start_run(arguments)
    say(f"started {execution}")
    if arguments.no_wait:
        say(follow_hint(execution))
        return 0
    return follow(execution)


def options_from(arguments: argparse.Namespace) -> dict[str, Json]:
    """Return the options of the command line, None for those not given."""
    return {
        "top_k": arguments.top_k,
        "min_score": arguments.min_score,
        "text_column": arguments.column,
        "description_column": arguments.description_column,
        "id_column": arguments.id_column,
    }


def start_run(arguments: argparse.Namespace) -> str:
    """Check the options and the input, start the run, and return its execution's ARN."""
    options = options_from(arguments)
    read_options(options, MAX_LABELS)  # the labels of the deployed checkpoint are not known here
    source, file_format = input_location(arguments.input)
    output = output_location(arguments.output)
    names = ColumnNames(arguments.column, arguments.description_column, arguments.id_column)
    s3 = client("s3")
    head, complete = read_head(s3, source)
    for note in check_head(str(source), head, complete, file_format, names):
        say(f"{source}: {note}")
    check_bucket(s3, output)
    given: dict[str, Json] = {key: value for key, value in options.items() if value is not None}
    return start_execution(machine_arn(arguments.state_machine), source, file_format, output, given)


def follow_hint(execution: str) -> str:
    """Return how to follow the run again."""
    return f"the run goes on in AWS; follow it with: agnews bulk --follow {execution}"


def follow(execution: str) -> int:
    """Show the run's progress until it ends or Ctrl-C is pressed, and return as `bulk` does."""
    region = region_of(execution, "execution")
    step_functions = client("stepfunctions", region)
    try:
        meter = cost_meter(step_functions, client("lambda", region), execution)
        with run_progress_bar() as show:
            progress = RunProgress("RUNNING")
            for progress in watch(step_functions, execution):
                show(progress.done, progress.total, progress.failed, cost_so_far(meter, progress))
                if progress.status == "RUNNING":
                    time.sleep(POLL_INTERVAL_S)
    except KeyboardInterrupt:
        say(follow_hint(execution))
        return 130
    except InputError:
        raise  # there is no such execution
    except AgNewsError:
        say(follow_hint(execution))  # only following it failed
        raise
    return report_end(execution, progress, cost_so_far(meter, progress))


def cost_so_far(meter: CostMeter | None, progress: RunProgress) -> float | None:
    """Return about how many dollars the run has cost, or None if that cannot be estimated."""
    return meter.dollars(progress, time.monotonic()) if meter else None


def run_progress_bar() -> AbstractContextManager[ShowRun]:
    """Return a progress bar on stderr, or if stderr is no terminal, one that does nothing."""
    if not sys.stderr.isatty():
        return nullcontext(no_progress)
    from agnews.cli.terminal import bulk_progress_bar  # rich: 60 ms

    return bulk_progress_bar()


def report_end(execution: str, progress: RunProgress, cost: float | None) -> int:
    """Print the summary to stderr and the result files to stdout, and return 0, or 1 if some rows failed.

    Raises:
        AgNewsError: the run failed.
    """
    price = "" if cost is None else f", about ${cost:,.2f} at us-east-1 prices"
    if progress.status != "SUCCEEDED":
        reason = progress.error or f"its status is {progress.status}"
        raise AgNewsError(f"the run failed after {progress.done:,} rows{price}: {reason} ({execution})")
    say(f"{progress.done:,} rows, {progress.failed:,} of them in failed batches{price}")
    files = result_files(progress.results) if progress.results else {}
    for file in files.get("SUCCEEDED", []):
        sys.stdout.write(f"{file}\n")
    for kind in ("FAILED", "PENDING"):
        for file in files.get(kind, []):
            say(f"{kind.lower()} batches, with their rows and errors: {file}")
    bad_rows = sum(map(count_errors, files.get("SUCCEEDED", [])))
    if bad_rows:
        say(f"{bad_rows:,} rows have an error instead of a topic")
    return 1 if progress.failed or bad_rows else 0
