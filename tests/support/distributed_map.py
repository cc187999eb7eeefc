"""Runs the bulk state machine as AWS documents Step Functions, which moto does not do.

Supported are Choice, Fail and a distributed Map in JSONata: ItemReader, ItemBatcher, a Task with Retry, the tolerated
failure percentage, and ResultWriter with FLATTEN and JSON Lines. Batches run one after the other.
"""

import json
import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from jsonata.jsonata import Jsonata

from tests.support.item_reader import read_items
from tests.support.runtime_api import Outcome

STATE_BYTES = 256 * 1024
"""Limit of a state's input and output."""


class ExecutionError(Exception):
    """An error name and its cause, as Step Functions reports them."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class Files(Protocol):
    """Objects in S3."""

    def read(self, bucket: str, key: str) -> bytes: ...

    def write(self, bucket: str, key: str, content: bytes) -> None: ...


@dataclass
class Run:
    """One execution."""

    definition: dict[str, Any]
    files: Files
    invoke: Callable[[bytes], Outcome]
    sleep: Callable[[float], None] = time.sleep
    name: str = field(default_factory=lambda: str(uuid.uuid4()))
    items: dict[str, int] = field(default_factory=lambda: {"total": 0, "succeeded": 0, "failed": 0, "aborted": 0})
    batches: dict[str, int] = field(default_factory=lambda: {"total": 0, "succeeded": 0, "failed": 0, "aborted": 0})
    status: str = "RUNNING"
    output: Any = None
    error: ExecutionError | None = None

    def execute(self, content: Any) -> Any:
        """Run the execution and return its output. Raises ExecutionError if it fails."""
        try:
            self.output = self._states(content)
        except ExecutionError as error:
            self.status, self.error = "FAILED", error
            raise
        self.status = "SUCCEEDED"
        return self.output

    def _states(self, content: Any) -> Any:
        name = self.definition["StartAt"]
        while True:
            state = self.definition["States"][name]
            if state["Type"] == "Fail":
                raise ExecutionError(state["Error"], state["Cause"])
            if state["Type"] == "Map":
                return self._map(state, content)
            assert state["Type"] == "Choice", state
            chosen = [rule["Next"] for rule in state["Choices"] if evaluated(rule["Condition"], {"input": content})]
            name = chosen[0] if chosen else state["Default"]

    def _map(self, state: dict[str, Any], content: Any) -> Any:
        states = {"input": content}
        source = evaluated(state["ItemReader"]["Arguments"], states)
        body = self.files.read(source["Bucket"], source["Key"])
        try:
            self.items["total"] = sum(1 for _ in read_items(body, state["ItemReader"]["ReaderConfig"]))
        except ValueError as error:
            raise ExecutionError("States.ItemReaderFailed", str(error)) from error
        tolerated = evaluated(state["ToleratedFailurePercentage"], states)
        assert isinstance(tolerated, int | float)
        written: dict[str, list[str]] = {"SUCCEEDED": [], "FAILED": []}
        over = False
        for batch in item_batches(read_items(body, state["ItemReader"]["ReaderConfig"]), state["ItemBatcher"], states):
            kind = "aborted" if over else self._batch(state["ItemProcessor"], batch, written)
            self.items[kind] += len(batch["Items"])
            self.batches[kind] += 1
            self.batches["total"] += 1
            over = over or 100 * self.items["failed"] > tolerated * self.items["total"]
        details = self._write(state["ResultWriter"], states, written)
        if over:
            raise ExecutionError("States.ExceedToleratedFailureThreshold", "more failed than is tolerated")
        return {"MapRunArn": self.map_run_arn, "ResultWriterDetails": details}

    @property
    def map_run_arn(self) -> str:
        return f"arn:aws:states:us-east-1:123456789012:mapRun:agnews-bulk/Map:{self.name}"

    def _batch(self, processor: dict[str, Any], batch: dict[str, Any], written: dict[str, list[str]]) -> str:
        """Run one child execution, add its results to `written`, and return succeeded or failed."""
        task = processor["States"][processor["StartAt"]]
        try:
            output = self._task(task, batch)
        except ExecutionError as error:
            record = {"Input": json.dumps(batch), "Status": "FAILED", "Error": error.error, "Cause": error.cause}
            written["FAILED"].append(json.dumps(record))
            return "failed"
        results = output if isinstance(output, list) else [output]
        written["SUCCEEDED"] += [json.dumps(item, ensure_ascii=False) for item in results]
        return "succeeded"

    def _task(self, task: dict[str, Any], batch: dict[str, Any]) -> Any:
        payload = evaluated(task["Arguments"], {"input": batch})["Payload"]
        tries = [0] * len(task["Retry"])
        while True:
            try:
                result = function_result(self.invoke(state_json(payload)))
                break
            except ExecutionError as error:
                index = next((i for i, rule in enumerate(task["Retry"]) if error.error in rule["ErrorEquals"]), None)
                if index is None or tries[index] >= task["Retry"][index]["MaxAttempts"]:
                    raise
                self.sleep(delay(task["Retry"][index], tries[index]))
                tries[index] += 1
        output = evaluated(task["Output"], {"input": batch, "result": {"Payload": result}})
        state_json(output)  # checks its size
        return output

    def _write(self, writer: dict[str, Any], states: dict[str, Any], written: dict[str, list[str]]) -> dict[str, str]:
        assert writer["WriterConfig"] == {"Transformation": "FLATTEN", "OutputType": "JSONL"}
        target = evaluated(writer["Arguments"], states)
        folder = f"{target['Prefix']}/{self.name}"
        result_files: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
        for kind, lines in written.items():
            if lines:
                content = "".join(f"{line}\n" for line in lines).encode()
                self.files.write(target["Bucket"], f"{folder}/{kind}_0.jsonl", content)
                result_files[kind].append({"Key": f"{folder}/{kind}_0.jsonl", "Size": len(content)})
        manifest = {"DestinationBucket": target["Bucket"], "MapRunArn": self.map_run_arn, "ResultFiles": result_files}
        self.files.write(target["Bucket"], f"{folder}/manifest.json", json.dumps(manifest).encode())
        return {"Bucket": target["Bucket"], "Key": f"{folder}/manifest.json"}


def evaluated(value: Any, states: dict[str, Any]) -> Any:
    """Return the value with its `{% … %}` evaluated. Raises ExecutionError for an expression that returns nothing."""
    if isinstance(value, dict):
        return {key: evaluated(item, states) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluated(item, states) for item in value]
    if not (isinstance(value, str) and value.startswith("{%") and value.endswith("%}")):
        return value
    values = []
    for text in (value[2:-2], f"$exists({value[2:-2]})"):
        expression = Jsonata(text)
        frame = expression.create_frame()
        frame.bind("states", states)
        values.append(expression.evaluate(None, frame))
    if not values[1]:
        raise ExecutionError("States.QueryEvaluationError", f"{value} returned nothing (undefined)")
    return values[0]


def item_batches(items: Iterator[Any], batcher: dict[str, Any], states: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the children's inputs: as many items as both limits allow, and BatchInput."""
    settings = evaluated(batcher, states)
    max_items, max_bytes = settings["MaxItemsPerBatch"], settings["MaxInputBytesPerBatch"]
    assert isinstance(max_items, int)
    assert max_bytes <= STATE_BYTES
    empty = len(json.dumps({"BatchInput": settings["BatchInput"], "Items": []}).encode())
    batch: list[Any] = []
    size = empty
    for item in items:
        item_bytes = len(json.dumps(item, ensure_ascii=False).encode()) + 2
        if empty + item_bytes > max_bytes:
            raise ExecutionError(
                "States.ItemReaderFailed", f"an item of {item_bytes:,} bytes is larger than a batch may be"
            )
        if batch and (len(batch) >= max_items or size + item_bytes > max_bytes):
            yield {"BatchInput": settings["BatchInput"], "Items": batch}
            batch, size = [], empty
        batch.append(item)
        size += item_bytes
    if batch:
        yield {"BatchInput": settings["BatchInput"], "Items": batch}


def state_json(value: Any) -> bytes:
    """Return the value as JSON. Raises ExecutionError if it is larger than STATE_BYTES."""
    body = json.dumps(value, ensure_ascii=False).encode()
    if len(body) > STATE_BYTES:
        raise ExecutionError("States.DataLimitExceeded", f"{len(body):,} bytes")
    return body


def function_result(outcome: Outcome) -> Any:
    """Return what the function returned. Raises ExecutionError, with the error's own name, for what it raised."""
    content = json.loads(outcome.body)
    if outcome.kind != "response":
        raise ExecutionError(content["errorType"], content["errorMessage"])
    return content


def delay(rule: dict[str, Any], tries: int) -> float:
    """Return the seconds to wait before the next try, with full jitter."""
    assert rule["JitterStrategy"] == "FULL"
    longest = min(rule["IntervalSeconds"] * rule["BackoffRate"] ** tries, rule["MaxDelaySeconds"])
    return random.uniform(0, longest)
