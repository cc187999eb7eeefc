"""SQS and Kinesis records on their way to the results queue: the real botocore against moto's SQS."""

import base64
import copy
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from agnews.errors import SettingsError
from agnews.function.events.dispatch import answer
from agnews.function.queue import ATTEMPTS, BATCH_MESSAGES, MESSAGE_BYTES, Message, Queue, split_messages, sqs_client
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.aws_account import Account
from tests.support.requirement import ROOT, require_module
from tests.support.runtime_api import answered, runtime
from tests.support.texts import GOAL

require_module("botocore")
NAMES = count()


@dataclass
class Mailbox:
    """A queue of moto's that can be read."""

    client: Any
    url: str

    def messages(self) -> list[dict[str, Any]]:
        """What came, in order, and is now taken out."""
        found: list[dict[str, Any]] = []
        wanted = {"QueueUrl": self.url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        while got := self.client.receive_message(**wanted).get("Messages"):
            found += got
            for message in got:
                self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(message["Body"]) for message in self.messages()]


@pytest.fixture
def queue(aws: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Mailbox]]:
    """Makes queues; this process's clients know the account, which has no other work to do."""
    for name, value in aws.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setattr("agnews.function.queue.FIRST_WAIT_S", 0.001)
    sqs_client.cache_clear()
    aws.requests.clear()

    def made(fifo: bool = False) -> Mailbox:
        client: Any = sqs_client()
        name = f"results{next(NAMES)}" + (".fifo" if fifo else "")
        created = client.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})
        return Mailbox(client, created["QueueUrl"])

    yield made
    sqs_client.cache_clear()
    aws.refusals.clear()
    aws.throttled.clear()


def payload(name: str) -> Any:
    return json.loads((ROOT / "tests" / "payloads" / f"{name}.json").read_text(encoding="utf-8"))


def many(texts: list[str]) -> Any:
    """An SQS event of these bodies; message ids m0, m1, …"""
    event = payload("sqs")
    record = event["Records"][0]
    event["Records"] = [record | {"messageId": f"m{number}", "body": text} for number, text in enumerate(texts)]
    return event


def failed(found: Any) -> list[str]:
    return [item["itemIdentifier"] for item in found["batchItemFailures"]]


def sends(aws: Account) -> int:
    return sum(request.operation == "SendMessageBatch" for request in aws.requests)


@pytest.mark.parametrize("name", ["sqs", "kinesis"])
def test_every_answer_reaches_the_results_queue_and_no_record_comes_back(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings, name: str
) -> None:
    results = queue()
    event = payload(name)
    assert answer(event, classifier, settings._replace(results_queue_url=results.url)) == {"batchItemFailures": []}
    found = {message["record_id"]: message for message in results.answers()}
    ids = [record.get("messageId") or record["kinesis"]["sequenceNumber"] for record in event["Records"]]
    assert sorted(found) == ids
    assert found[ids[0]]["label"] == "Sports"
    assert found[ids[1]]["label"] == "Business"
    if name == "sqs":
        assert found[ids[1]]["id"] == "desk/17"
        assert [item["label"] for item in found[ids[2]]["predictions"]] == ["World", "Sci/Tech"]


def test_twenty_five_records_take_one_inference_batch_and_three_calls(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    event = many([f"{GOAL} number {number}" for number in range(25)])
    assert failed(answer(event, classifier, settings._replace(results_queue_url=results.url))) == []
    assert sends(aws) == 3
    assert len(results.answers()) == 25


def test_a_record_that_can_never_be_answered_becomes_an_error_result_that_holds_it(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    found = answer(many([GOAL, '{"txt": 1}']), classifier, settings._replace(results_queue_url=results.url))
    assert failed(found) == []
    bad = next(message for message in results.answers() if "error" in message)
    assert (bad["record_id"], bad["error"]["type"], bad["body"]) == ("m1", "InputError", '{"txt": 1}')


def test_it_goes_to_the_dead_letter_queue_as_it_came_where_one_is_named(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings
) -> None:
    results, dead = queue(), queue()
    event = payload("kinesis")
    data = base64.b64encode("Café".encode("latin-1")).decode()
    event["Records"][0]["kinesis"]["data"] = data
    named = settings._replace(results_queue_url=results.url, dead_letter_queue_url=dead.url)
    assert failed(answer(event, classifier, named)) == []
    assert [message["label"] for message in results.answers()] == ["Business"]
    (letter,) = dead.messages()
    assert letter["Body"] == data
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert attributes["error_type"] == "InputError"
    assert attributes["record_id"] == event["Records"][0]["kinesis"]["sequenceNumber"]
    assert "not UTF-8" in attributes["error_message"]


def test_a_single_message_that_the_queue_throttles_is_sent_again(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    aws.throttled.extend(['"m1"', '"m1"', '"m2"'])
    found = answer(many([GOAL] * 3), classifier, settings._replace(results_queue_url=results.url))
    assert (failed(found), sends(aws)) == ([], 3)
    assert sorted(message["record_id"] for message in results.answers()) == ["m0", "m1", "m2"]


def test_only_the_record_whose_answer_was_never_accepted_comes_back(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    aws.throttled.extend(['"m1"'] * ATTEMPTS)
    found = answer(many([GOAL] * 3), classifier, settings._replace(results_queue_url=results.url))
    assert failed(found) == ["m1"]
    assert sorted(message["record_id"] for message in results.answers()) == ["m0", "m2"]


@pytest.mark.parametrize(("code", "attempts"), [("AccessDenied", 1), ("RequestThrottled", ATTEMPTS)])
def test_a_refused_call_brings_its_records_back_and_is_repeated_only_where_that_can_help(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings, code: str, attempts: int
) -> None:
    results = queue()
    aws.refusals.extend([("SendMessageBatch", code, "no")] * ATTEMPTS)
    found = answer(many([GOAL] * 2), classifier, settings._replace(results_queue_url=results.url))
    assert failed(found) == ["m0", "m1"]
    assert sends(aws) == attempts
    assert results.answers() == []


def test_a_queue_out_of_reach_brings_every_record_back(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    url = "http://127.0.0.1:9/123456789012/results"
    assert failed(answer(many([GOAL] * 2), classifier, settings._replace(results_queue_url=url))) == ["m0", "m1"]


def test_what_was_not_reached_in_time_comes_back_and_the_rest_does_not(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agnews.function.events.records.SENDING_S", 100.0)
    monkeypatch.setattr(
        "agnews.function.events.records.SENDING_SHARE", 1.0
    )  # all the time is kept back: none to compute
    results = queue()
    named = settings._replace(results_queue_url=results.url)
    assert failed(answer(many(['{"txt": 1}', GOAL]), classifier, named, time.monotonic() + 50)) == ["m1"]
    assert [message["record_id"] for message in results.answers()] == ["m0"]


def test_nothing_is_sent_after_the_deadline(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    named = settings._replace(results_queue_url=results.url)
    assert failed(answer(many(['{"txt": 1}', GOAL]), classifier, named, time.monotonic())) == ["m0", "m1"]
    assert sends(aws) == 0


@pytest.mark.parametrize("data", [b"", b"\xff" * 900_000], ids=["empty", "too large"])
def test_of_what_no_queue_takes_as_it_came_the_dead_letter_queue_gets_the_error(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings, data: bytes
) -> None:
    results, dead = queue(), queue()
    event = payload("kinesis")
    event["Records"][0]["kinesis"]["data"] = base64.b64encode(data).decode()
    named = settings._replace(results_queue_url=results.url, dead_letter_queue_url=dead.url)
    assert failed(answer(event, classifier, named)) == []
    assert [message["label"] for message in results.answers()] == ["Business"]
    (bad,) = dead.answers()
    assert (bad["error"]["type"], bad["body"]) == ("InputError", None if data else "")


def test_a_dead_letter_that_was_not_accepted_holds_up_what_comes_after_it_in_order(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results, dead = queue(fifo=True), queue(fifo=True)
    event = payload("sqs_fifo")
    event["Records"][1]["body"] = '{"txt": 1}'
    aws.throttled.extend(['{"txt": 1}'] * ATTEMPTS)
    ids = [record["messageId"] for record in event["Records"]]
    named = settings._replace(results_queue_url=results.url, dead_letter_queue_url=dead.url)
    assert failed(answer(event, classifier, named)) == ids[1:]
    assert [message["record_id"] for message in results.answers()] == ids[:1]


def test_a_fifo_queues_first_failure_and_all_after_it_come_back_and_none_of_them_was_sent(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue(fifo=True)
    event = payload("sqs_fifo")
    ids = [record["messageId"] for record in event["Records"]]
    aws.throttled.extend([ids[1]] * ATTEMPTS)
    named = settings._replace(results_queue_url=results.url)
    assert failed(answer(event, classifier, named)) == ids[1:]
    assert [message["record_id"] for message in results.answers()] == ids[:1]


def test_a_fifo_queues_order_and_groups_are_kept(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue(fifo=True)
    event = payload("sqs_fifo")
    assert failed(answer(event, classifier, settings._replace(results_queue_url=results.url))) == []
    sent = [json.loads(request.body)["Entries"] for request in aws.requests if request.operation == "SendMessageBatch"]
    told = [(entry["MessageGroupId"], entry["MessageDeduplicationId"]) for entries in sent for entry in entries]
    ids = [record["messageId"] for record in event["Records"]]
    assert told == list(zip(["markets", "sport", "markets"], ids, strict=True))


def test_a_streams_records_come_back_from_the_first_failure_on(
    queue: Callable[..., Mailbox], aws: Account, classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    event = payload("kinesis")
    first = event["Records"][0]["kinesis"]["sequenceNumber"]
    aws.throttled.extend([first] * ATTEMPTS)
    assert failed(answer(event, classifier, settings._replace(results_queue_url=results.url))) == [first]


def test_an_answer_too_large_for_a_message_is_told_as_such_with_the_record(
    queue: Callable[..., Mailbox], classifier: Classifier, settings: Settings
) -> None:
    results = queue()
    body = json.dumps({"texts": [10**30] * 10_000})
    assert failed(answer(many([body]), classifier, settings._replace(results_queue_url=results.url))) == []
    (found,) = results.answers()
    assert (found["error"]["type"], found["body"]) == ("AnswerSizeError", body)


def test_calls_hold_at_most_ten_messages_and_what_sqs_takes_at_once() -> None:
    small = [Message(str(number), "x") for number in range(BATCH_MESSAGES + 1)]
    assert [len(call) for call in split_messages(small, BATCH_MESSAGES)] == [BATCH_MESSAGES, 1]
    half = Message("half", "x" * (MESSAGE_BYTES // 2))
    assert [len(call) for call in split_messages([half, half, half], BATCH_MESSAGES)] == [2, 1]
    assert list(split_messages([], BATCH_MESSAGES)) == []


def test_neither_calls_nor_waits_between_them_go_beyond_the_deadline(
    queue: Callable[..., Mailbox], aws: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    results = queue()
    target = Queue(results.url, sqs_client(), waited.append)
    assert target.send([Message("1", "body")], time.monotonic() - 1, ordered=False) == [False]
    assert sends(aws) == 0
    monkeypatch.setattr("agnews.function.queue.FIRST_WAIT_S", 1000.0)
    monkeypatch.setattr("agnews.function.queue.LONGEST_WAIT_S", 1000.0)
    monkeypatch.setattr("random.uniform", lambda _, most: most)
    aws.throttled.append("body")
    assert target.send([Message("1", "body")], time.monotonic() + 100, ordered=False) == [False]
    assert waited == []
    aws.throttled.extend(["body"] * (ATTEMPTS - 1))
    assert target.send([Message("1", "body")], math.inf, ordered=False) == [True]
    assert waited == [1000.0] * (ATTEMPTS - 1)


def test_the_runtime_client_sends_and_answers_in_the_real_process(
    queue: Callable[..., Mailbox], aws: Account, tmp_path: Path
) -> None:
    results = queue()
    event = copy.deepcopy(payload("sqs"))
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
    named = Settings(workers=2, results_queue_url=urls["results_queue_url"])
    named = named._replace(dead_letter_queue_url=urls.get("dead_letter_queue_url", ""))
    with pytest.raises(SettingsError, match="set another queue"):
        answer(payload("sqs"), classifier, named)
