"""Any event gets an answer or a documented error. The inputs are the same in every run."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as limits

from agnews.errors import AgNewsError
from agnews.function.events.dispatch import answer
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.strategies import JSON, damaged_payloads, http_events, record_events

few = limits(max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))


class AcceptingQueue:
    """An SQS client that accepts every message that botocore could send."""

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        for entry in Entries:
            entry["MessageBody"].encode()
        return {"Successful": Entries}


@pytest.fixture(scope="module", autouse=True)
def _results_queue() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("agnews.function.events.results.sqs_client", AcceptingQueue)
        yield


@pytest.fixture(scope="module")
def with_queue(settings: Settings) -> Settings:
    return settings._replace(results_queue_url="https://sqs.eu-central-1.amazonaws.com/123456789012/topics")


def check_answer(event: Any, classifier: Classifier, settings: Settings) -> None:
    """Answer the event and check that what the runtime client gets can be sent."""
    try:
        reply: Any = answer(event, classifier, settings)
    except AgNewsError as error:
        str(error).encode()
        return
    json.dumps(reply, ensure_ascii=False, allow_nan=False).encode()
    assert not isinstance(reply, dict) or reply.get("statusCode", 200) < 500


@few
@given(JSON)
def test_any_json_value_gets_an_answer_or_a_documented_error(
    classifier: Classifier, with_queue: Settings, event: Any
) -> None:
    check_answer(event, classifier, with_queue)


@few
@given(damaged_payloads())
def test_any_damaged_event_of_aws_gets_an_answer_or_a_documented_error(
    classifier: Classifier, with_queue: Settings, event: Any
) -> None:
    check_answer(event, classifier, with_queue)


@few
@given(http_events())
def test_any_http_request_gets_an_answer_or_a_documented_error(
    classifier: Classifier, with_queue: Settings, event: Any
) -> None:
    check_answer(event, classifier, with_queue)


@few
@given(record_events())
def test_any_record_gets_an_answer_or_a_documented_error(
    classifier: Classifier, with_queue: Settings, event: Any
) -> None:
    check_answer(event, classifier, with_queue)
