"""Sending to an SQS queue: the real botocore and moto's SQS."""

import math
import time
from collections.abc import Callable

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
