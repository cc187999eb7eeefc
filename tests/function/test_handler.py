"""handler.lambda_handler as tutorials and unit tests call it: from Python, with None for a context."""

import json
import logging
import time
from types import ModuleType
from typing import Any

import pytest

from agnews.cli.local.container import LocalContext
from tests.support.requirement import ROOT
from tests.support.texts import GOAL

EVENTS = [
    *sorted((ROOT / "examples" / "events").glob("*.json")),
    *sorted((ROOT / "tests" / "payloads").glob("*.json")),
]


class AcceptingQueue:
    """An SQS client that accepts every message."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.bodies += [entry["MessageBody"] for entry in Entries]
        return {"Successful": Entries, "Failed": []}


@pytest.fixture(scope="module")
def handler() -> ModuleType:
    import handler  # here: it loads the model, by settings that no developer's environment may change

    return handler


@pytest.fixture
def queue(handler: ModuleType, monkeypatch: pytest.MonkeyPatch) -> AcceptingQueue:
    """The results queue."""
    client = AcceptingQueue()
    settings = handler.SETTINGS._replace(results_queue_url="https://sqs.eu-central-1.amazonaws.com/123456789012/topics")
    monkeypatch.setattr(handler, "SETTINGS", settings)
    monkeypatch.setattr("agnews.function.events.results.sqs_client", lambda: client)
    return client


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_without_a_context_every_event_is_answered_as_with_one(
    handler: ModuleType, queue: AcceptingQueue, path: Any
) -> None:
    event = json.loads(path.read_text(encoding="utf-8"))
    expected = handler.lambda_handler(event, LocalContext("agnews", time.monotonic() + 60))
    sent, queue.bodies = queue.bodies, []
    assert handler.lambda_handler(event, None) == expected
    assert queue.bodies == sent


def test_without_a_context_the_metrics_are_those_of_the_function_local(
    handler: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "agnews"):
        handler.lambda_handler(GOAL, None)
    (record,) = [record for record in caplog.records if record.message == "invocation"]
    assert vars(record)["FunctionName"] == "local"
