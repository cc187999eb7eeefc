"""Sending to an SQS queue: the real botocore and moto's SQS."""

import math
import time
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from agnews.function.events.dispatch import answer
from agnews.function.queue import ATTEMPTS, BATCH_MESSAGES, MESSAGE_BYTES, Message, Queue, split_messages, sqs_client
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.aws_account import Account
from tests.support.mailbox import Mailbox, count_sends, retried
from tests.support.payloads import sqs_event
from tests.support.requirement import require_module
from tests.support.texts import GOAL

require_module("botocore")


def test_twenty_five_records_take_one_inference_batch_and_three_calls(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    event = sqs_event([f"{GOAL} number {number}" for number in range(25)])
    assert retried(answer(event, classifier, settings._replace(results_queue_url=results.url))) == []
    assert count_sends(aws) == 3
    assert len(results.answers()) == 25


def test_a_single_message_that_the_queue_throttles_is_sent_again(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    aws.throttled.extend(['"m1"', '"m1"', '"m2"'])
    response = answer(sqs_event([GOAL] * 3), classifier, settings._replace(results_queue_url=results.url))
    assert (retried(response), count_sends(aws)) == ([], 3)
    assert sorted(message["record_id"] for message in results.answers()) == ["m0", "m1", "m2"]


def test_only_the_record_whose_answer_was_never_accepted_is_retried(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    aws.throttled.extend(['"m1"'] * ATTEMPTS)
    response = answer(sqs_event([GOAL] * 3), classifier, settings._replace(results_queue_url=results.url))
    assert retried(response) == ["m1"]
    assert sorted(message["record_id"] for message in results.answers()) == ["m0", "m2"]


@pytest.mark.parametrize(("code", "attempts"), [("AccessDenied", 1), ("RequestThrottled", ATTEMPTS)])
def test_the_records_of_a_refused_call_are_retried_and_the_call_is_repeated_only_if_that_can_help(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings, code: str, attempts: int
) -> None:
    results = queue()
    aws.refusals.extend([("SendMessageBatch", code, "no")] * ATTEMPTS)
    response = answer(sqs_event([GOAL] * 2), classifier, settings._replace(results_queue_url=results.url))
    assert retried(response) == ["m0", "m1"]
    assert count_sends(aws) == attempts
    assert results.answers() == []


def test_every_record_is_retried_if_the_queue_cannot_be_reached(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    url = "http://127.0.0.1:9/123456789012/results"
    assert retried(answer(sqs_event([GOAL] * 2), classifier, settings._replace(results_queue_url=url))) == ["m0", "m1"]


def test_nothing_is_sent_after_the_deadline(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    with_queues = settings._replace(results_queue_url=results.url)
    assert retried(answer(sqs_event(['{"txt": 1}', GOAL]), classifier, with_queues, time.monotonic())) == ["m0", "m1"]
    assert count_sends(aws) == 0


def test_a_call_has_at_most_ten_messages_and_the_bytes_that_sqs_accepts() -> None:
    small = [Message(str(number), "x") for number in range(BATCH_MESSAGES + 1)]
    assert [len(batch) for batch in split_messages(small, BATCH_MESSAGES)] == [BATCH_MESSAGES, 1]
    half = Message("half", "x" * (MESSAGE_BYTES // 2))
    assert [len(batch) for batch in split_messages([half, half, half], BATCH_MESSAGES)] == [2, 1]
    assert list(split_messages([], BATCH_MESSAGES)) == []


def test_neither_calls_nor_waits_between_them_go_beyond_the_deadline(
    queue: Callable[..., Mailbox], aws: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    results = queue()
    target = Queue(results.url, sqs_client(), waited.append)
    assert target.send([Message("1", "body")], time.monotonic() - 1, ordered=False) == [False]
    assert count_sends(aws) == 0
    monkeypatch.setattr("agnews.function.queue.FIRST_WAIT_S", 1000.0)
    monkeypatch.setattr("agnews.function.queue.LONGEST_WAIT_S", 1000.0)
    monkeypatch.setattr("random.uniform", lambda _, most: most)
    aws.throttled.append("body")
    assert target.send([Message("1", "body")], time.monotonic() + 100, ordered=False) == [False]
    assert waited == []
    aws.throttled.extend(["body"] * (ATTEMPTS - 1))
    assert target.send([Message("1", "body")], math.inf, ordered=False) == [True]
    assert waited == [1000.0] * (ATTEMPTS - 1)


class Replies:
    """An SQS client that gives each call the next of some replies."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.calls: list[list[str]] = []

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.calls.append([entry["Id"] for entry in Entries])
        reply: dict[str, Any] = self.replies.pop(0)
        return reply


class Hanging(Replies):
    """An SQS client whose first call gets no reply in a minute."""

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        if not self.calls:
            self.calls.append([])
            Event().wait(60)
        return super().send_message_batch(QueueUrl=QueueUrl, Entries=Entries)


ACCEPTED = {"Successful": [{"Id": "0"}, {"Id": "1"}]}
URL = "https://sqs.us-east-1.amazonaws.com/123456789012/results"
MESSAGES = [Message("a", "one"), Message("b", "two")]


@pytest.mark.parametrize(
    "reply",
    [
        {"Failed": [{"Id": "0", "SenderFault": False}, {"Id": "1"}]},
        {"Failed": [{"Id": "0", "Code": None, "SenderFault": None}, {"Id": "1", "Code": ["x"]}]},
        {"Successful": [{"Id": "7"}, {"Id": "x"}, {"Id": ["0"]}, {"Id": None}, {}, None, {"Id": "-1"}]},
        {"Successful": None, "Failed": None},
        {"Successful": [{"Id": "0"}, {"Id": "1"}], "Failed": [{"Id": "0"}, {"Id": "1"}]},
        {"Successful": 5},
        {},
    ],
)
def test_what_a_reply_does_not_clearly_accept_is_sent_again(reply: Any) -> None:
    client = Replies(reply, ACCEPTED)
    assert Queue(URL, client, lambda _: None).send(MESSAGES, math.inf, ordered=False) == [True, True]
    assert client.calls == [["0", "1"], ["0", "1"]]


def test_a_refusal_without_a_code_that_is_the_callers_fault_is_final() -> None:
    client = Replies({"Successful": [{"Id": "1"}], "Failed": [{"Id": "0", "SenderFault": True}]})
    assert Queue(URL, client, lambda _: None).send(MESSAGES, math.inf, ordered=False) == [False, True]


def test_a_call_that_hangs_ends_with_the_deadline_and_none_begins_that_could_not_end() -> None:
    client = Hanging(ACCEPTED)
    start = time.monotonic()
    assert Queue(URL, client).send(MESSAGES, start + 1.5, ordered=False) == [False, False]
    assert 1.4 < time.monotonic() - start < 20
    assert len(client.calls) == 1
    assert Queue(URL, client).send(MESSAGES, time.monotonic() + 0.05, ordered=False) == [False, False]
    assert len(client.calls) == 1


def test_a_call_that_hangs_is_given_up_so_that_the_next_can_succeed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agnews.function.queue.CALL_S", 2.0)
    client = Hanging(ACCEPTED)
    assert Queue(URL, client, lambda _: None).send(MESSAGES, time.monotonic() + 100, ordered=False) == [True, True]
