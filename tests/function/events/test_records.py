"""Records of queues, topics and streams: how they are read, and the answers that SNS and Pipes get."""

import base64
import copy
import gzip
import json
import math
import random
import time
from types import SimpleNamespace
from typing import Any

import pytest

from agnews.api.values import Json
from agnews.errors import DeadlineError, InputError, SettingsError
from agnews.function.events.dispatch import answer
from agnews.function.events.records import Record, classify_records, computing_deadline, parse_body
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.payloads import changed, read_payload
from tests.support.texts import GOAL

HEADLINE_EVENT = json.dumps({"detail-type": "Published", "source": "wire", "detail": {"text": "a", "top_k": 2}})
GOALS = json.dumps({"texts": [GOAL, "Oil prices climb"]}).encode()


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (GOAL, GOAL),
        ("", ""),
        ("2024", "2024"),
        ("null", "null"),
        ('"Quoted" by the minister', '"Quoted" by the minister'),
        (f'"{GOAL}"', GOAL),
        ("[Update] Oil prices climb", "[Update] Oil prices climb"),
        ("{Video} Oil prices climb", "{Video} Oil prices climb"),
        ('["a", {"text": "b"}]', ["a", {"text": "b"}]),
        (json.dumps(json.dumps({"text": "a"})), {"text": "a"}),
        ('\ufeff{"text": "a"}', {"text": "a"}),
        ('\ufeff"a"', "a"),
        (' {"text": "a", "id": 1}', {"text": "a", "id": 1}),
        ('{"Type": "Notification", "TopicArn": "arn", "Message": "{\\"text\\": \\"a\\"}"}', {"text": "a"}),
        ('{"Type": "Notification", "Message": "Oil prices climb"}', "Oil prices climb"),
        (HEADLINE_EVENT, {"text": "a", "top_k": 2}),
        (json.dumps({"Type": "Notification", "Message": HEADLINE_EVENT}), {"text": "a", "top_k": 2}),
    ],
)
def test_a_record_carries_json_or_one_headline_as_plain_text(text: str, event: Json) -> None:
    assert parse_body(text) == event


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "the text is empty"),
        ("null", "'null' stands for a missing value"),
        ("true", "'true' stands for a missing value"),
        ("12", "'12' stands for a missing value"),
        ('{"text": "Oil prices', "the text is JSON, or starts like it"),
        ("{text: Oil}", "the text is JSON, or starts like it"),
        ("{" * 5000, "the text is JSON, or starts like it"),
        ('{"txt": "a"}', "found an object with keys 'txt', which is no known form"),
        ('{"text": "a", "top_k": 9}', "top_k must be a whole number"),
        ('{"warmup": true}', "which is no known form"),
        ('{"Records": [{"eventSource": "aws:s3"}]}', "an S3 notification"),
    ],
)
def test_a_record_that_can_never_be_classified_is_an_error_and_affects_no_other(
    classifier: Classifier, settings: Settings, body: str, message: str
) -> None:
    records = [Record("1", GOAL), Record("2", body), Record("3", GOAL)]
    results = classify_records(records, classifier, settings, math.inf)
    assert [result.answer.get("label") for result in results] == ["Sports", None, "Sports"]
    assert isinstance(results[1].error, InputError) and message in str(results[1].error)
    assert not results[1].late


def test_a_record_may_carry_a_list_or_options_or_ask_for_an_explanation(
    classifier: Classifier, settings: Settings
) -> None:
    bodies = [
        json.dumps([GOAL, "Oil prices climb as shares fall"]),
        json.dumps({"text": GOAL, "top_k": 2}),
        json.dumps({"text": GOAL, "explain": True}),
        GOAL,
    ]
    records = [Record(str(number), body) for number, body in enumerate(bodies)]
    answers: Any = [result.answer for result in classify_records(records, classifier, settings, math.inf)]
    assert [item["label"] for item in answers[0]["predictions"]] == ["Sports", "Business"]
    assert len(answers[1]["scores"]) == 2
    assert next(word["word"] for word in answers[2]["explanation"]) == GOAL.split()[0]
    assert set(answers[3]) == {"label", "score", "truncated"}


@pytest.mark.parametrize(("deadline", "computing"), [(1100.0, 1098.0), (1009.0, 1007.2), (math.inf, math.inf)])
def test_time_is_kept_back_for_sending(deadline: float, computing: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agnews.function.events.records.time", SimpleNamespace(monotonic=lambda: 1000.0))
    assert computing_deadline(deadline) == pytest.approx(computing)


@pytest.mark.parametrize(
    ("name", "labels"),
    [("sns", ["Business"]), ("pipe_sqs", ["Sports", "Business"]), ("pipe_kinesis", ["Sports", "Business"])],
)
def test_sns_and_pipes_get_one_answer_per_record(
    classifier: Classifier, settings: Settings, name: str, labels: list[str]
) -> None:
    reply: Any = answer(read_payload(name), classifier, settings)
    assert [item["label"] for item in reply] == labels


def test_answers_name_their_record_and_the_id_that_it_carried(classifier: Classifier, settings: Settings) -> None:
    event = read_payload("pipe_sqs")
    reply: Any = answer(event, classifier, settings)
    assert [item["record_id"] for item in reply] == [record["messageId"] for record in event]
    assert [item.get("id") for item in reply] == [None, "desk/17"]


@pytest.mark.parametrize(
    ("data", "error_type", "message"),
    [
        (b"Caf\xe9", "InputError", "not UTF-8 at byte 3"),
        ("Café", "InputError", "not base64"),
        (b"", "InputError", "the text is empty"),
        (
            b"\xf3\x89\x9a\xc2\n\x01p",
            "InputError",
            "aggregated by the Kinesis Producer Library; set AggregationEnabled to false",
        ),
        (gzip.compress(GOALS)[:-9], "InputError", "not one complete gzip stream"),
        (gzip.compress(GOALS) + b"{}", "InputError", "not one complete gzip stream"),
        (gzip.compress(GOALS)[:30] + b"\0" * 30, "InputError", "damaged gzip"),
        (gzip.compress(bytes(2**21)), "LimitError", "unpacks to more than"),
        (gzip.compress(random.Random(1).randbytes(2**20 + 1)), "LimitError", "unpacks to more than 1,048,576 bytes"),
    ],
)
def test_a_pipes_bad_record_is_an_error_in_its_place(
    classifier: Classifier, settings: Settings, data: str | bytes, error_type: str, message: str
) -> None:
    event = read_payload("pipe_kinesis")
    event[0]["data"] = data if isinstance(data, str) else base64.b64encode(data).decode()
    reply: Any = answer(event, classifier, settings)
    assert [item.get("label") or item["error"]["type"] for item in reply] == [error_type, "Business"]
    assert message in reply[0]["error"]["message"]


@pytest.mark.parametrize("data", [GOAL, f"\ufeff{GOAL}", json.dumps({"text": GOAL})])
def test_a_streams_data_may_be_gzip(classifier: Classifier, settings: Settings, data: str) -> None:
    event = read_payload("pipe_kinesis")[:1]
    event[0]["data"] = base64.b64encode(gzip.compress(data.encode())).decode()
    reply: Any = answer(event, classifier, settings)
    assert reply[0]["label"] == "Sports"


@pytest.mark.parametrize("name", ["sns", "pipe_sqs"])
def test_a_record_not_classified_in_time_raises_so_that_the_source_retries(
    classifier: Classifier, settings: Settings, name: str
) -> None:
    with pytest.raises(DeadlineError):
        answer(read_payload(name), classifier, settings, time.monotonic())


def test_a_record_is_not_read_when_time_is_over(
    classifier: Classifier, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agnews.function.events.records.decode_body", lambda record: pytest.fail(record.id))
    with pytest.raises(DeadlineError):
        answer(read_payload("sns"), classifier, settings, time.monotonic())


@pytest.mark.parametrize("name", ["sqs", "kinesis"])
def test_records_without_a_queue_for_their_results_are_refused_before_anything_is_computed(
    classifier: Classifier, settings: Settings, name: str
) -> None:
    before = classifier.compute_time
    with pytest.raises(SettingsError, match="AGNEWS_RESULTS_QUEUE_URL"):
        answer(read_payload(name), classifier, settings)
    assert classifier.compute_time == before


def test_records_of_two_sources_or_none_are_of_no_known_form(classifier: Classifier, settings: Settings) -> None:
    mixed = {"Records": [*read_payload("sqs")["Records"], *read_payload("kinesis")["Records"]]}
    shortened = copy.deepcopy(read_payload("sqs"))
    del shortened["Records"][0]["messageId"]
    incomplete: list[Any] = [mixed, shortened]
    for event in incomplete:
        with pytest.raises(InputError, match=r"records of 'aws:sqs' (that are mixed|.messageId missing)"):
            answer(event, classifier, settings)
    without_source: list[Any] = [{"Records": []}, {"Records": [{}]}, {"Records": [{"eventSource": []}]}]
    for event in without_source:
        with pytest.raises(InputError, match="no known form of event"):
            answer(event, classifier, settings)


@pytest.mark.parametrize("value", [5, None, {}, "\ud800", "two\nlines", ""])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("sqs", ("Records", 0, "messageId")),
        ("sns", ("Records", 0, "Sns", "MessageId")),
        ("kinesis", ("Records", 0, "kinesis", "sequenceNumber")),
        ("kinesis", ("Records", 0, "eventID")),
        ("pipe_sqs", (0, "messageId")),
        ("pipe_kinesis", (0, "sequenceNumber")),
    ],
)
def test_an_id_that_aws_never_assigns_is_refused_as_no_answer_could_repeat_it(
    classifier: Classifier, settings: Settings, name: str, path: tuple[str | int, ...], value: Json
) -> None:
    with pytest.raises(InputError, match=rf"{path[-1]} missing or invalid"):
        answer(changed(read_payload(name), path, value), classifier, settings)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("sqs", ("Records", 0, "body")),
        ("sqs", ("Records", 0, "attributes")),
        ("sns", ("Records", 0, "Sns", "Message")),
        ("kinesis", ("Records", 0, "kinesis", "data")),
        ("pipe_sqs", (0, "body")),
        ("pipe_kinesis", (0, "data")),
    ],
)
def test_a_record_without_what_its_source_always_sends_is_refused_by_an_error_of_ours(
    classifier: Classifier, settings: Settings, name: str, path: tuple[str | int, ...]
) -> None:
    with_queue = Settings(results_queue_url="https://sqs.us-east-1.amazonaws.com/123456789012/results")
    event = changed(read_payload(name), path, 5)
    with pytest.raises(InputError, match=rf"{path[-1]} missing or invalid"):
        answer(event, classifier, with_queue)
