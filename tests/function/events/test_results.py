"""The results of SQS and Kinesis records: the real botocore and moto's SQS."""

import base64
import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from agnews.errors import SettingsError
from agnews.function.events.dispatch import answer
from agnews.function.queue import ATTEMPTS
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.aws_account import Account
from tests.support.mailbox import Mailbox, retried
from tests.support.payloads import read_payload, sqs_event
from tests.support.requirement import require_module
from tests.support.runtime_api import answered, runtime
from tests.support.texts import GOAL

require_module("botocore")


@pytest.mark.parametrize("name", ["sqs", "kinesis"])
def test_every_answer_reaches_the_results_queue_and_no_record_is_retried(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings, name: str
) -> None:
    results = queue()
    event = read_payload(name)
    assert answer(event, classifier, settings._replace(results_queue_url=results.url)) == {"batchItemFailures": []}
    answers = {message["record_id"]: message for message in results.answers()}
    ids = [record.get("messageId") or record["kinesis"]["sequenceNumber"] for record in event["Records"]]
    assert sorted(answers) == ids
    assert answers[ids[0]]["label"] == "Sports"
    assert answers[ids[1]]["label"] == "Business"
    if name == "sqs":
        assert answers[ids[1]]["id"] == "desk/17"
        assert [item["label"] for item in answers[ids[2]]["predictions"]] == ["World", "Sci/Tech"]


def test_a_record_that_can_never_be_classified_becomes_an_error_result_with_its_body(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    response = answer(sqs_event([GOAL, '{"txt": 1}']), classifier, settings._replace(results_queue_url=results.url))
    assert retried(response) == []
    bad = next(message for message in results.answers() if "error" in message)
    assert (bad["record_id"], bad["error"]["type"], bad["body"]) == ("m1", "InputError", '{"txt": 1}')


def test_with_a_dead_letter_queue_it_goes_there_unchanged(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings
) -> None:
    results, dead = queue(), queue()
    event = read_payload("kinesis")
    data = base64.b64encode("Café".encode("latin-1")).decode()
    event["Records"][0]["kinesis"]["data"] = data
    with_queues = settings._replace(results_queue_url=results.url, dead_letter_queue_url=dead.url)
    assert retried(answer(event, classifier, with_queues)) == []
    assert [message["label"] for message in results.answers()] == ["Business"]
    (letter,) = dead.messages()
    assert letter["Body"] == data
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes["error_type"] == "InputError"
    assert attributes["record_id"] == event["Records"][0]["kinesis"]["sequenceNumber"]
    assert "not UTF-8" in attributes["error_message"]


def test_only_what_was_not_reached_in_time_is_retried(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "classify", lambda texts, deadline: [None] * len(texts))  # as if time ran out
    results = queue()
    with_queues = settings._replace(results_queue_url=results.url)
    assert retried(answer(sqs_event(['{"txt": 1}', GOAL]), classifier, with_queues)) == ["m1"]
    assert [message["record_id"] for message in results.answers()] == ["m0"]


@pytest.mark.parametrize("data", [b"", b"\xff" * 900_000], ids=["empty", "too large"])
def test_for_a_record_that_no_queue_accepts_the_dead_letter_queue_gets_the_error(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings, data: bytes
) -> None:
    results, dead = queue(), queue()
    event = read_payload("kinesis")
    event["Records"][0]["kinesis"]["data"] = base64.b64encode(data).decode()
    with_queues = settings._replace(results_queue_url=results.url, dead_letter_queue_url=dead.url)
    assert retried(answer(event, classifier, with_queues)) == []
    assert [message["label"] for message in results.answers()] == ["Business"]
    (bad,) = dead.answers()
    assert (bad["error"]["type"], bad["body"]) == ("InputError", None if data else "")


@pytest.mark.parametrize("body", ['{"txt": "\ud800"}', '{"txt": "a"}\x00', '{"txt": "\ufffe\x01"}'])
def test_a_record_with_characters_that_sqs_refuses_is_a_dead_letter_in_ascii(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings, body: str
) -> None:
    results, dead = queue(), queue()
    with_queues = settings._replace(results_queue_url=results.url, dead_letter_queue_url=dead.url)
    assert retried(answer(sqs_event([body, GOAL]), classifier, with_queues)) == []
    (letter,) = dead.answers()
    assert (letter["record_id"], letter["error"]["type"], letter["body"]) == ("m0", "InputError", body)


def test_in_order_everything_after_a_refused_dead_letter_is_retried(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results, dead = queue(fifo=True), queue(fifo=True)
    event = read_payload("sqs_fifo")
    event["Records"][1]["body"] = '{"txt": 1}'
    aws.throttled.extend(['{"txt": 1}'] * ATTEMPTS)
    ids = [record["messageId"] for record in event["Records"]]
    with_queues = settings._replace(results_queue_url=results.url, dead_letter_queue_url=dead.url)
    assert retried(answer(event, classifier, with_queues)) == ids[1:]
    assert [message["record_id"] for message in results.answers()] == ids[:1]


def test_from_a_fifo_queue_the_first_failure_and_all_after_it_are_retried_and_not_sent(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue(fifo=True)
    event = read_payload("sqs_fifo")
    ids = [record["messageId"] for record in event["Records"]]
    aws.throttled.extend([ids[1]] * ATTEMPTS)
    with_queues = settings._replace(results_queue_url=results.url)
    assert retried(answer(event, classifier, with_queues)) == ids[1:]
    assert [message["record_id"] for message in results.answers()] == ids[:1]


def test_a_fifo_queues_order_and_groups_are_kept(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue(fifo=True)
    event = read_payload("sqs_fifo")
    assert retried(answer(event, classifier, settings._replace(results_queue_url=results.url))) == []
    sent = [json.loads(request.body)["Entries"] for request in aws.requests if request.operation == "SendMessageBatch"]
    groups_and_ids = [
        (entry["MessageGroupId"], entry["MessageDeduplicationId"]) for entries in sent for entry in entries
    ]
    ids = [record["messageId"] for record in event["Records"]]
    assert groups_and_ids == list(zip(["markets", "sport", "markets"], ids, strict=True))


def test_a_streams_records_are_retried_from_the_first_failure_on(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    event = read_payload("kinesis")
    first = event["Records"][0]["kinesis"]["sequenceNumber"]
    aws.throttled.extend([first] * ATTEMPTS)
    assert retried(answer(event, classifier, settings._replace(results_queue_url=results.url))) == [first]


def test_an_answer_too_large_for_a_message_becomes_an_error_with_the_record(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    body = json.dumps({"texts": [10**30] * 10_000})
    assert retried(answer(sqs_event([body]), classifier, settings._replace(results_queue_url=results.url))) == []
    (bad,) = results.answers()
    assert (bad["error"]["type"], bad["body"]) == ("AnswerSizeError", body)


def test_the_runtime_client_sends_and_answers_in_the_real_process(
    queue: Callable[..., Mailbox], aws: Account, tmp_path: Path
) -> None:
    results = queue()
    event = copy.deepcopy(read_payload("sqs"))
    names = {name: value for name, value in aws.environment.items() if name.startswith("AWS_")}
    with runtime(tmp_path / "log.txt", **names, AGNEWS_RESULTS_QUEUE_URL=results.url) as api:
        assert answered(api, event) == {"batchItemFailures": []}
    assert len(results.answers()) == 3


@pytest.mark.parametrize("setting", ["results_queue_url", "dead_letter_queue_url"])
def test_answers_to_the_queue_that_the_records_come_from_are_refused(
    classifier: Classifier, settings: Settings, setting: str
) -> None:
    urls = {"results_queue_url": "https://sqs.us-east-1.amazonaws.com/123456789012/results"}
    urls[setting] = "https://sqs.us-east-1.amazonaws.com/123456789012/headlines"
    with_queues = Settings(workers=2, results_queue_url=urls["results_queue_url"])
    with_queues = with_queues._replace(dead_letter_queue_url=urls.get("dead_letter_queue_url", ""))
    with pytest.raises(SettingsError, match="set another queue"):
        answer(read_payload("sqs"), classifier, with_queues)
