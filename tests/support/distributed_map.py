"""Runs the bulk state machine as AWS documents Step Functions to: what moto does not know of it.

Choice, Fail and a distributed Map in JSONata: ItemReader, ItemBatcher, a Task with Retry, the tolerated failure
percentage, and ResultWriter with FLATTEN and JSON Lines. Batches run one after the other.
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
"""The most that a state takes or gives."""


class ExecutionError(Exception):
    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


class Files(Protocol):
    """Objects of S3."""

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
        """The output. Raises ExecutionError."""
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
        for batch in batches(read_items(body, state["ItemReader"]["ReaderConfig"]), state["ItemBatcher"], states):
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
        """Runs one child execution and adds what ResultWriter writes of it; succeeded or failed."""
        task = processor["States"][processor["StartAt"]]
        try:
            output = self._task(task, batch)
        except ExecutionError as error:
            record = {"Input": json.dumps(batch), "Status": "FAILED", "Error": error.error, "Cause": error.cause}
            written["FAILED"].append(json.dumps(record))
            return "failed"
        flat = output if isinstance(output, list) else [output]
        written["SUCCEEDED"] += [json.dumps(item, ensure_ascii=False) for item in flat]
        return "succeeded"

    def _task(self, task: dict[str, Any], batch: dict[str, Any]) -> Any:
        payload = evaluated(task["Arguments"], {"input": batch})["Payload"]
        tries = [0] * len(task["Retry"])
        while True:
            try:
                result = answered(self.invoke(limited(payload)))
                break
            except ExecutionError as error:
                place = next((at for at, rule in enumerate(task["Retry"]) if error.error in rule["ErrorEquals"]), None)
                if place is None or tries[place] >= task["Retry"][place]["MaxAttempts"]:
                    raise
                self.sleep(delay(task["Retry"][place], tries[place]))
                tries[place] += 1
        output = evaluated(task["Output"], {"input": batch, "result": {"Payload": result}})
        limited(output)
        return output

    def _write(self, writer: dict[str, Any], states: dict[str, Any], written: dict[str, list[str]]) -> dict[str, str]:
        assert writer["WriterConfig"] == {"Transformation": "FLATTEN", "OutputType": "JSONL"}
        target = evaluated(writer["Arguments"], states)
        folder = f"{target['Prefix']}/{self.name}"
        found: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
        for kind, lines in written.items():
            if lines:
                content = "".join(f"{line}\n" for line in lines).encode()
                self.files.write(target["Bucket"], f"{folder}/{kind}_0.jsonl", content)
                found[kind].append({"Key": f"{folder}/{kind}_0.jsonl", "Size": len(content)})
        manifest = {"DestinationBucket": target["Bucket"], "MapRunArn": self.map_run_arn, "ResultFiles": found}
        self.files.write(target["Bucket"], f"{folder}/manifest.json", json.dumps(manifest).encode())
        return {"Bucket": target["Bucket"], "Key": f"{folder}/manifest.json"}


def evaluated(value: Any, states: dict[str, Any]) -> Any:
    """The value with its `{% … %}` evaluated. An expression without a value is an error, as in Step Functions."""
    if isinstance(value, dict):
        return {key: evaluated(item, states) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluated(item, states) for item in value]
    if not (isinstance(value, str) and value.startswith("{%") and value.endswith("%}")):
        return value
    found = []
    for text in (value[2:-2], f"$exists({value[2:-2]})"):
        expression = Jsonata(text)
        frame = expression.create_frame()
        frame.bind("states", states)
        found.append(expression.evaluate(None, frame))
    if not found[1]:
        raise ExecutionError("States.QueryEvaluationError", f"{value} returned nothing (undefined)")
    return found[0]


def batches(items: Iterator[Any], batcher: dict[str, Any], states: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Inputs of the children: as many items as both limits allow, with BatchInput beside them."""
    settings = evaluated(batcher, states)
    most, most_bytes = settings["MaxItemsPerBatch"], settings["MaxInputBytesPerBatch"]
    assert isinstance(most, int)
    assert most_bytes <= STATE_BYTES
    empty = len(json.dumps({"BatchInput": settings["BatchInput"], "Items": []}).encode())
    batch: list[Any] = []
    size = empty
    for item in items:
        own = len(json.dumps(item, ensure_ascii=False).encode()) + 2
        if empty + own > most_bytes:
            raise ExecutionError("States.ItemReaderFailed", f"an item of {own:,} bytes is larger than a batch may be")
        if batch and (len(batch) >= most or size + own > most_bytes):
            yield {"BatchInput": settings["BatchInput"], "Items": batch}
            batch, size = [], empty
        batch.append(item)
        size += own
    if batch:
        yield {"BatchInput": settings["BatchInput"], "Items": batch}


def limited(value: Any) -> bytes:
    """The value's JSON. Raises ExecutionError where it is larger than a state hands on."""
    body = json.dumps(value, ensure_ascii=False).encode()
    if len(body) > STATE_BYTES:
        raise ExecutionError("States.DataLimitExceeded", f"{len(body):,} bytes")
    return body


def answered(outcome: Outcome) -> Any:
    """What the function returned. Raises ExecutionError, by the error's own name, for what it raised."""
    found = json.loads(outcome.body)
    if outcome.kind != "response":
        raise ExecutionError(found["errorType"], found["errorMessage"])
    return found


def delay(rule: dict[str, Any], tries: int) -> float:
    """Seconds before the next try, with full jitter."""
    assert rule["JitterStrategy"] == "FULL"
    most = min(rule["IntervalSeconds"] * rule["BackoffRate"] ** tries, rule["MaxDelaySeconds"])
    return random.uniform(0, most)
