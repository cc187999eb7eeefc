"""A simulated AWS account whose state machines run: moto leaves executions RUNNING, distributed_map.py runs them."""

import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import boto3

from tests.support.aws_account import NOBODY, Account, AccountServer, RecordingProxy, empty
from tests.support.distributed_map import ExecutionError, Run
from tests.support.runtime_api import Outcome

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}
PREFIX = "AWSStepFunctions."


@dataclass(frozen=True)
class Bucket:
    """Reads and writes objects in S3 through boto3."""

    url: str

    @property
    def client(self) -> Any:
        credentials = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
        return boto3.client("s3", endpoint_url=self.url, **credentials)

    def read(self, bucket: str, key: str) -> bytes:
        return bytes(self.client.get_object(Bucket=bucket, Key=key)["Body"].read())

    def write(self, bucket: str, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=bucket, Key=key, Body=content)


@dataclass
class Machines:
    """The executions of an account by ARN."""

    files: Bucket
    invoke: Callable[[bytes], Outcome]
    runs: dict[str, Run] = field(default_factory=dict)
    released: threading.Event = field(default_factory=threading.Event)
    """Executions wait until this is set."""

    def start(self, execution: str, definition: dict[str, Any], content: Any) -> None:
        run = self.runs[execution] = Run(definition, self.files, self.invoke)

        def execute() -> None:
            self.released.wait(60)
            with suppress(ExecutionError):
                run.execute(content)

        threading.Thread(target=execute, daemon=True).start()


class StepFunctionsProxy(RecordingProxy):
    """Answers for executions, and forwards all other requests."""

    machines: Machines

    def forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        operation = self.headers.get("X-Amz-Target", "").removeprefix(PREFIX)
        request = json.loads(body) if operation and body else {}
        if operation == "DescribeMapRun":
            return json_reply(
                describe_map_run(next(run for run in self.machines.runs.values() if run.map_run_arn in body.decode()))
            )
        run = self.machines.runs.get(request.get("executionArn", ""))
        if operation == "ListMapRuns" and run:
            return json_reply({"mapRuns": [{"mapRunArn": run.map_run_arn, "executionArn": request["executionArn"]}]})
        status, headers, answer = super().forward(body)
        if operation == "StartExecution" and status == 200:
            machine = self.moto("DescribeStateMachine", {"stateMachineArn": request["stateMachineArn"]})
            definition = json.loads(machine["definition"])
            self.machines.start(json.loads(answer)["executionArn"], definition, json.loads(request["input"]))
        if operation == "DescribeExecution" and run:
            answer = json.dumps(json.loads(answer) | describe_execution(run)).encode()
        return status, headers, answer

    def moto(self, operation: str, content: dict[str, Any]) -> Any:
        headers = {"X-Amz-Target": PREFIX + operation, "Content-Type": "application/x-amz-json-1.0"}
        headers["Authorization"] = self.headers["Authorization"]
        request = urllib.request.Request(self.server.moto_url, json.dumps(content).encode(), headers)
        with urllib.request.urlopen(request) as response:
            return json.load(response)


def json_reply(content: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
    return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(content).encode()


def describe_execution(run: Run) -> dict[str, Any]:
    """Return what DescribeExecution adds to moto's answer."""
    if run.error is not None:
        return {"status": run.status, "error": run.error.error, "cause": run.error.cause}
    return {"status": run.status} | ({"output": json.dumps(run.output)} if run.status == "SUCCEEDED" else {})


def describe_map_run(run: Run) -> dict[str, Any]:
    """Return the answer of DescribeMapRun."""
    zero = {"pending": 0, "running": 0, "timedOut": 0, "resultsWritten": 0}
    return {"mapRunArn": run.map_run_arn, "itemCounts": zero | run.items, "executionCounts": zero | run.batches}


@contextmanager
def running_account(moto_url: str, invoke: Callable[[bytes], Outcome]) -> Iterator[tuple[Account, Machines]]:
    """Yield an empty account in which executions run, each batch through `invoke`, and its executions."""
    empty(moto_url)
    with AccountServer(moto_url, "http://unused") as server:
        machines = Machines(Bucket(moto_url), invoke)
        machines.released.set()
        server.RequestHandlerClass = type("AccountProxy", (StepFunctionsProxy,), {"machines": machines})
        server.account.environment |= KEYS | NOBODY | {"AWS_ENDPOINT_URL": server.account.url}
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.account, machines
        finally:
            server.shutdown()
