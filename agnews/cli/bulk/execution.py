"""One bulk run: an execution of the state machine and its Map Run in Step Functions."""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agnews.api.values import Json
from agnews.cli.bulk.aws import client, translated_errors
from agnews.cli.bulk.s3 import S3Location
from agnews.errors import AgNewsError, InputError

STACK = "agnews"
"""The stack whose output `Bulk` names the state machine, if nothing else does."""
REMEDY = "deploy with Bulk=yes, or name another with --state-machine or AGNEWS_BULK"
ARN = re.compile(r"arn:[\w-]+:states:([\w-]+):\d{12}:(stateMachine|execution):\S+")


@dataclass(frozen=True)
class RunProgress:
    """How far a run has come."""

    status: str
    """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED."""
    total: int = 0
    """Rows in total, as far as they have been read."""
    done: int = 0
    failed: int = 0
    """Rows in failed batches. A bad row in a batch that succeeded counts as done: its error is among the results."""
    batches: int = 0
    """Batches started."""
    running: int = 0
    """Batches at work now."""
    error: str = ""
    """Why the run as a whole failed."""
    results: S3Location | None = None
    """The manifest that lists the result files."""


def region_of(arn: str, kind: str) -> str:
    """Return the region of an ARN of this kind, stateMachine or execution. Raises InputError for anything else."""
    match = ARN.fullmatch(arn)
    if match is None or match[2] != kind:
        raise InputError(f"{arn!r} is not the ARN of {'a state machine' if kind == 'stateMachine' else 'an execution'}")
    return match[1]


def machine_arn(name: str | None) -> str:
    """Return the ARN of the state machine named (by name or ARN), else that of AGNEWS_BULK, else the stack's output.

    Raises:
        InputError: there is none.
    """
    chosen = name or os.environ.get("AGNEWS_BULK")
    if not chosen:
        return stack_output()
    if chosen.startswith("arn:"):
        region_of(chosen, "stateMachine")
        return chosen
    step_functions = client("stepfunctions")
    with translated_errors({}, "list state machines"):
        pages = step_functions.get_paginator("list_state_machines").paginate()
        machines = [machine for page in pages for machine in page["stateMachines"]]
    arns = [machine["stateMachineArn"] for machine in machines if machine["name"] == chosen]
    if not arns:
        raise InputError(f"there is no state machine {chosen!r} in {step_functions.meta.region_name}; {REMEDY}")
    return str(arns[0])


def stack_output() -> str:
    """Return the ARN of the state machine in the stack's outputs. Raises InputError if it has none."""
    missing = f"there is no stack {STACK!r} to look up the state machine in; {REMEDY}"
    cloudformation = client("cloudformation")
    with translated_errors({"ValidationError": missing}, f"describe the stack {STACK!r}"):
        (stack,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    for output in stack.get("Outputs", []):
        if output["OutputKey"] == "Bulk":
            return str(output["OutputValue"])
    raise InputError(f"the stack {STACK!r} has no state machine; {REMEDY}")


def start_execution(
    machine: str, source: S3Location, file_format: str, output: S3Location, options: dict[str, Json]
) -> str:
    """Start an execution and return its ARN. Raises InputError if there is no such state machine."""
    content = {"bucket": source.bucket, "key": source.key, "format": file_format}
    content |= {"output_bucket": output.bucket, "output_prefix": output.key}
    step_functions = client("stepfunctions", region_of(machine, "stateMachine"))
    messages = {"StateMachineDoesNotExist": f"there is no state machine {machine}; {REMEDY}"}
    with translated_errors(messages, f"start {machine}"):
        execution = step_functions.start_execution(
            stateMachineArn=machine, input=json.dumps(content | {"options": options})
        )
    return str(execution["executionArn"])


def watch(step_functions: Any, execution: str) -> Iterator[RunProgress]:
    """Yield the run's progress each time it is asked for; only the last one is not RUNNING.

    Raises:
        InputError: there is no such execution.
    """
    missing = f"there is no execution {execution}; Step Functions keeps executions for 90 days"
    messages = {"ExecutionDoesNotExist": missing, "InvalidArn": missing}
    run = None
    while True:
        with translated_errors(messages, f"describe {execution}"):
            description = step_functions.describe_execution(executionArn=execution)
            run = run or next(iter(step_functions.list_map_runs(executionArn=execution)["mapRuns"]), None)
            map_run = step_functions.describe_map_run(mapRunArn=run["mapRunArn"]) if run else {}
        yield run_progress(description, map_run)
        if description["status"] != "RUNNING":
            return


def run_progress(description: dict[str, Any], map_run: dict[str, Any]) -> RunProgress:
    """Return the progress from DescribeExecution and DescribeMapRun, the latter empty before the Map Run starts."""
    items, batches = map_run.get("itemCounts", {}), map_run.get("executionCounts", {})
    failed = sum(items.get(key, 0) for key in ("failed", "timedOut", "aborted"))
    manifest = json.loads(description.get("output") or "{}").get("ResultWriterDetails")
    return RunProgress(
        status=description["status"],
        total=items.get("total", 0),
        done=items.get("succeeded", 0) + failed,
        failed=failed,
        batches=batches.get("total", 0) - batches.get("pending", 0),
        running=batches.get("running", 0),
        error=": ".join(filter(None, (description.get("error"), description.get("cause")))),
        results=S3Location(manifest["Bucket"], manifest["Key"]) if manifest else None,
    )


def count_errors(file: S3Location) -> int:
    """Return how many rows of a results file have an error. Raises AgNewsError if it cannot be read."""
    s3 = client("s3")
    with translated_errors({}, f"read {file}"):
        lines = s3.get_object(Bucket=file.bucket, Key=file.key)["Body"].iter_lines()
        return sum("error" in json.loads(line) for line in lines if b'"error"' in line)


def result_files(manifest: S3Location) -> dict[str, list[S3Location]]:
    """Return the result files by SUCCEEDED, FAILED and PENDING. Raises AgNewsError if the manifest cannot be read."""
    s3 = client("s3")
    with translated_errors({}, f"read {manifest}"):
        body = s3.get_object(Bucket=manifest.bucket, Key=manifest.key)["Body"].read()
    try:
        content = json.loads(body)
        bucket, files = content["DestinationBucket"], content["ResultFiles"]
        return {kind: [S3Location(bucket, file["Key"]) for file in listed] for kind, listed in files.items()}
    except (ValueError, KeyError, TypeError) as error:
        raise AgNewsError(f"{manifest} is not a list of result files ({error!r})") from error
