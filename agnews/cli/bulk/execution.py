"""One bulk run: an execution of the state machine and its Map Run, as Step Functions describes them."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agnews.api.request import Json
from agnews.cli.bulk.aws import client, told
from agnews.cli.bulk.s3 import Place
from agnews.errors import AgNewsError, InputError

STACK = "agnews"
"""Whose output `Bulk` is asked for where nothing names a state machine."""
REMEDY = "deploy with Bulk=yes, or name another with --state-machine or AGNEWS_BULK"
ARN = re.compile(r"arn:[\w-]+:states:([\w-]+):\d{12}:(stateMachine|execution):\S+")


@dataclass(frozen=True)
class Counts:
    """How far a run is."""

    status: str
    """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""
    total: int = 0
    """Rows in all, as far as they are read."""
    done: int = 0
    failed: int = 0
    """Rows in batches that failed. A row that alone is bad counts as done: its error is among the results."""
    batches: int = 0
    """Batches begun."""
    running: int = 0
    """Batches at work now."""
    error: str = ""
    """Why the whole run failed."""
    results: Place | None = None
    """The list of the files that were written."""


def region_of(arn: str, kind: str) -> str:
    """The region in an ARN of this kind, stateMachine or execution. Raises InputError for anything else."""
    match = ARN.fullmatch(arn)
    if match is None or match[2] != kind:
        raise InputError(f"{arn!r} is not the ARN of {'a state machine' if kind == 'stateMachine' else 'an execution'}")
    return match[1]


def machine_arn(named: str | None) -> str:
    """The state machine's ARN: of an ARN or a name, else of AGNEWS_BULK, else of the stack's output.

    Raises:
        InputError: there is none.
    """
    chosen = named or os.environ.get("AGNEWS_BULK")
    if not chosen:
        return stack_output()
    if chosen.startswith("arn:"):
        region_of(chosen, "stateMachine")
        return chosen
    states = client("stepfunctions")
    with told({}, "list state machines"):
        pages = states.get_paginator("list_state_machines").paginate()
        found = [item["stateMachineArn"] for page in pages for item in page["stateMachines"] if item["name"] == chosen]
    if not found:
        raise InputError(f"there is no state machine {chosen!r} in {states.meta.region_name}; {REMEDY}")
    return str(found[0])


def stack_output() -> str:
    """What the stack says its state machine is."""
    missing = f"there is no stack {STACK!r} that would name a state machine; {REMEDY}"
    formation = client("cloudformation")
    with told({"ValidationError": missing}, f"describe the stack {STACK!r}"):
        (stack,) = formation.describe_stacks(StackName=STACK)["Stacks"]
    for output in stack.get("Outputs", []):
        if output["OutputKey"] == "Bulk":
            return str(output["OutputValue"])
    raise InputError(f"the stack {STACK!r} has no state machine; {REMEDY}")


def start(machine: str, source: Place, form: str, output: Place, options: dict[str, Json]) -> str:
    """The ARN of a new execution. Raises InputError if there is no such state machine."""
    content = {"bucket": source.bucket, "key": source.key, "format": form}
    content |= {"output_bucket": output.bucket, "output_prefix": output.key}
    states = client("stepfunctions", region_of(machine, "stateMachine"))
    missing = {"StateMachineDoesNotExist": f"there is no state machine {machine}; {REMEDY}"}
    with told(missing, f"start {machine}"):
        started = states.start_execution(stateMachineArn=machine, input=json.dumps(content | {"options": options}))
    return str(started["executionArn"])


def watch(states: Any, execution: str) -> Iterator[Counts]:
    """How far the run is, each time that it is asked for; the last one is not RUNNING.

    Raises:
        InputError: there is no such execution.
    """
    gone = f"there is no execution {execution}; Step Functions keeps one for 90 days"
    run = None
    while True:
        with told({"ExecutionDoesNotExist": gone, "InvalidArn": gone}, f"describe {execution}"):
            found = states.describe_execution(executionArn=execution)
            run = run or next(iter(states.list_map_runs(executionArn=execution)["mapRuns"]), None)
            described = states.describe_map_run(mapRunArn=run["mapRunArn"]) if run else {}
        yield counts(found, described)
        if found["status"] != "RUNNING":
            return


def counts(found: dict[str, Any], described: dict[str, Any]) -> Counts:
    """The figures of what DescribeExecution and DescribeMapRun answered."""
    items, batches = described.get("itemCounts", {}), described.get("executionCounts", {})
    failed = sum(items.get(key, 0) for key in ("failed", "timedOut", "aborted"))
    details = json.loads(found.get("output") or "{}").get("ResultWriterDetails")
    return Counts(
        status=found["status"],
        total=items.get("total", 0),
        done=items.get("succeeded", 0) + failed,
        failed=failed,
        batches=batches.get("total", 0) - batches.get("pending", 0),
        running=batches.get("running", 0),
        error=": ".join(filter(None, (found.get("error"), found.get("cause")))),
        results=Place(details["Bucket"], details["Key"]) if details else None,
    )


def rows_with_errors(file: Place) -> int:
    """How many of a results file's rows have an error in place of a topic. Raises AgNewsError if it cannot be read."""
    s3 = client("s3")
    with told({}, f"read {file}"):
        lines = s3.get_object(Bucket=file.bucket, Key=file.key)["Body"].iter_lines()
        return sum("error" in json.loads(line) for line in lines if b'"error"' in line)


def result_files(manifest: Place) -> dict[str, list[Place]]:
    """The files that were written, by SUCCEEDED, FAILED and PENDING. Raises AgNewsError if the list cannot be read."""
    s3 = client("s3")
    with told({}, f"read {manifest}"):
        body = s3.get_object(Bucket=manifest.bucket, Key=manifest.key)["Body"].read()
    try:
        content = json.loads(body)
        bucket, files = content["DestinationBucket"], content["ResultFiles"]
        return {kind: [Place(bucket, item["Key"]) for item in found] for kind, found in files.items()}
    except (ValueError, KeyError, TypeError) as error:
        raise AgNewsError(f"{manifest} is not a list of result files ({error!r})") from error
