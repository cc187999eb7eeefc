"""An invocation's log line, as the real runtime client writes it, and the metrics that CloudWatch reads from it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agnews.function.metrics import MAX_TEXTS, UNITS
from tests.support.requirement import ROOT, require_module
from tests.support.runtime_api import answered, runtime
from tests.support.texts import GOAL

require_module("awslambdaric")
SECRET = "Xylophone quartet wins the cup"
Lines = Callable[[list[object]], list[dict[str, Any]]]


@pytest.fixture
def lines(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lines]:
    """Has events answered by a new container that logs JSON, and returns the lines that it logged."""

    def logged(events: list[object]) -> list[dict[str, Any]]:
        log = tmp_path / "log.txt"
        chosen = getattr(request, "param", {})
        variables = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"} | chosen
        with runtime(log, AWS_LAMBDA_FUNCTION_NAME="agnews", **variables) as api:
            for event in events:
                api.invoke(json.dumps(event).encode())
            answered(api, {"warmup": True})  # by when the lines of the ones before are written
        found = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        return [line for line in found if line.get("message") == "invocation"][: len(events)]

    yield logged


def values(line: dict[str, Any]) -> dict[str, float]:
    """The metrics that CloudWatch makes of a line, read as the specification says. Fails where it would not."""
    directives = line["_aws"]["CloudWatchMetrics"]
    assert isinstance(line["_aws"]["Timestamp"], int)
    found = {}
    for directive in directives:
        assert directive["Namespace"]
        for dimensions in directive["Dimensions"]:
            assert len(dimensions) <= 30
            assert all(isinstance(line[name], str) and line[name] for name in dimensions)
        assert len(directive["Metrics"]) <= 100
        for metric in directive["Metrics"]:
            assert isinstance(line[metric["Name"]], int | float)
            found[metric["Name"]] = line[metric["Name"]]
    return found


def test_a_list_is_counted_by_topic_and_by_what_became_of_it(lines: Lines) -> None:
    texts = [GOAL, "Oil prices climb as shares fall", "", "cup " * 300]
    (line,) = lines([{"texts": texts, "min_score": 0}])
    found = values(line)
    assert found["Headlines"] == 4
    assert (found["Errors"], found["Truncated"]) == (1, 1)
    assert (found["Sports"], found["Business"]) == (2, 1)
    assert 0.25 < found["MeanScore"] <= 1
    assert found["InferenceMilliseconds"] > found["TokenizeMilliseconds"] > 0
    assert (line["eventSource"], line["level"], line["FunctionName"]) == ("TextList", "INFO", "agnews")
    assert line["requestId"].startswith("00000000-0000-4000-8000-")


def test_what_was_abstained_from_counts_for_no_topic(lines: Lines) -> None:
    (line,) = lines([{"text": GOAL, "min_score": 1}])
    found = values(line)
    assert (found["Headlines"], found["Abstained"], found["Sports"]) == (1, 1, 0)


def test_only_a_containers_first_invocation_is_a_cold_start(lines: Lines) -> None:
    assert [values(line)["ColdStarts"] for line in lines([GOAL, GOAL, GOAL])] == [1, 0, 0]


def test_a_refused_event_is_told_by_its_errors_name(lines: Lines) -> None:
    bad, good = lines([{"txt": GOAL}, GOAL])
    assert bad["refusedWith"] == "InputError"
    assert set(values(bad)) == {"TokenizeMilliseconds", "InferenceMilliseconds", "ColdStarts"}
    assert "refusedWith" not in good


def test_an_http_reply_is_told_by_its_status(lines: Lines) -> None:
    context = {"http": {"method": "POST"}, "domainName": "abc.lambda-url.us-east-1.on.aws"}
    event = {"version": "2.0", "rawPath": "/classify", "requestContext": context}
    json_body = {"headers": {"content-type": "application/json"}}
    good, bad = lines([event | json_body | {"body": json.dumps({"text": GOAL})}, event | json_body | {"body": "{"}])
    assert (good["httpStatus"], good["eventSource"], values(good)["Headlines"]) == (200, "FunctionUrl", 1)
    assert bad["httpStatus"] == 400


def test_texts_are_not_logged(lines: Lines) -> None:
    assert SECRET not in json.dumps(lines([SECRET, [SECRET], {"text": SECRET, "top_k": 9}]))


@pytest.mark.parametrize("lines", [{"AGNEWS_LOG_TEXTS": "1"}], indirect=True)
def test_texts_are_logged_where_a_setting_says_so_and_not_without_bound(lines: Lines) -> None:
    one, many = lines([SECRET, [f"{SECRET} {number}" for number in range(MAX_TEXTS + 1)]])
    assert [told["text"] for told in one["texts"]] == [SECRET]
    assert set(one["texts"][0]) == {"text", "label", "score"}
    assert len(many["texts"]) == MAX_TEXTS


@pytest.mark.parametrize("lines", [{"AGNEWS_METRICS_NAMESPACE": "Newsroom/Topics"}], indirect=True)
def test_the_namespace_is_a_setting(lines: Lines) -> None:
    (line,) = lines([GOAL])
    assert line["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Newsroom/Topics"


def test_a_line_obeys_the_published_schema(lines: Lines) -> None:
    require_module("jsonschema_rs")
    import jsonschema_rs

    schema = json.loads((ROOT / "tests" / "data" / "emf_schema.json").read_text(encoding="utf-8"))
    for line in lines([GOAL, [GOAL] * 3, {"txt": 1}]):
        jsonschema_rs.validate(schema, line)


def test_every_metric_has_a_unit_that_cloudwatch_knows() -> None:
    assert set(UNITS.values()) <= {"Count", "Milliseconds", "None"}
    assert len(UNITS) <= 100
