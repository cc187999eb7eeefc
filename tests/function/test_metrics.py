"""An invocation's log line, as the real runtime client writes it, and the metrics that CloudWatch reads from it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agnews.function.metrics import MAX_TEXTS, RECENT_TEXTS, UNITS, label_metrics
from agnews.labels import LABELS
from tests.support.labelled import ODD, THIRTY, headline_about, write_labelled
from tests.support.requirement import ROOT, require_module
from tests.support.runtime_api import answered, runtime
from tests.support.texts import GOAL, OIL

require_module("awslambdaric")
SECRET = "Xylophone quartet wins the cup"
Lines = Callable[[list[object]], list[dict[str, Any]]]


@pytest.fixture
def lines(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Lines]:
    """Invoke a new container, which logs JSON, with events; return its log lines."""

    def invoke(events: list[object]) -> list[dict[str, Any]]:
        log = tmp_path / "log.txt"
        variables = {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}
        variables |= variables_of(getattr(request, "param", {}), tmp_path)
        with runtime(log, AWS_LAMBDA_FUNCTION_NAME="agnews", **variables) as api:
            for event in events:
                api.invoke(json.dumps(event).encode())
            answered(api, {"warmup": True})  # after its answer, the lines of the events before are written
        logged = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        return [line for line in logged if line.get("message") == "invocation"][: len(events)]

    yield invoke


def variables_of(param: dict[str, str] | tuple[str, ...], folder: Path) -> dict[str, str]:
    """Return the environment variables, or the one that names a checkpoint with these labels."""
    if isinstance(param, dict):
        return param
    return {"AGNEWS_MODEL_DIR": str(write_labelled(folder / "model", param))}


def metrics_in(line: dict[str, Any]) -> dict[str, float]:
    """Return the metrics that CloudWatch reads from a line. Fails if the line does not follow the specification."""
    directives = line["_aws"]["CloudWatchMetrics"]
    assert isinstance(line["_aws"]["Timestamp"], int)
    values = {}
    for directive in directives:
        assert directive["Namespace"]
        for dimensions in directive["Dimensions"]:
            assert len(dimensions) <= 30
            assert all(isinstance(line[name], str) and line[name] for name in dimensions)
        assert len(directive["Metrics"]) <= 100
        for metric in directive["Metrics"]:
            assert isinstance(line[metric["Name"]], int | float)
            values[metric["Name"]] = line[metric["Name"]]
    return values


def test_a_list_is_counted_by_topic_and_by_outcome(lines: Lines) -> None:
    texts = [GOAL, "Oil prices climb as shares fall", "", "cup " * 300]
    (line,) = lines([{"texts": texts, "min_score": 0}])
    metrics = metrics_in(line)
    assert metrics["Headlines"] == 4
    assert (metrics["Errors"], metrics["Truncated"]) == (1, 1)
    assert (metrics["Sports"], metrics["Business"]) == (2, 1)
    assert 0.25 < metrics["MeanScore"] <= 1
    assert metrics["LargestShare"] == pytest.approx(2 / 3, abs=1e-4)
    assert min(metrics["InferenceMilliseconds"], metrics["TokenizeMilliseconds"]) > 0
    assert (line["eventSource"], line["level"], line["FunctionName"]) == ("TextList", "INFO", "agnews")
    assert line["requestId"].startswith("00000000-0000-4000-8000-")


def test_an_abstained_text_counts_for_no_topic(lines: Lines) -> None:
    (line,) = lines([{"text": GOAL, "min_score": 1}])
    metrics = metrics_in(line)
    assert (metrics["Headlines"], metrics["Abstained"], metrics["Sports"]) == (1, 1, 0)
    assert "LargestShare" not in metrics


def test_the_largest_share_is_that_of_the_containers_latest_texts(lines: Lines) -> None:
    # Of a single text, it would always be 1, and an alarm on it would never be raised.
    shares = [metrics_in(line)["LargestShare"] for line in lines([GOAL, GOAL, GOAL, OIL, [OIL] * RECENT_TEXTS, GOAL])]
    assert shares == [1, 1, 1, 0.75, 1, 0.99]


@pytest.mark.parametrize("lines", [THIRTY], indirect=True)
def test_of_many_labels_the_first_ten_have_a_metric_each_and_the_others_one(lines: Lines) -> None:
    (line,) = lines([[headline_about(label) for label in (0, 9, 9, 10, 29, 29)]])
    metrics = metrics_in(line)
    assert [name for name in metrics if name not in UNITS] == [*(f"Section{n}" for n in range(1, 11)), "Other"]
    assert (metrics["Section1"], metrics["Section10"], metrics["Other"]) == (1, 2, 3)
    assert metrics["LargestShare"] == pytest.approx(1 / 3, abs=1e-4)


@pytest.mark.parametrize("lines", [("message", "Errors", "name", "texts", "日本", *ODD)], indirect=True)
def test_no_label_breaks_the_log_line_or_another_metric(lines: Lines) -> None:
    (line,) = lines([[headline_about(1), ""]])
    assert (line["message"], line["Errors"], line["Errors2"], line["Headlines"]) == ("invocation", 1, 1, 2)
    assert line["Label5"] == 0


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        (LABELS, ("World", "Sports", "Business", "SciTech")),
        (("a/b", "A B", "ab2"), ("AB", "AB2", "Ab22")),
        (("Other", "Économie locale", "2030", "⚽"), ("Other", "EconomieLocale", "Label2030", "Label4")),
        (("Other", *"bcdefghijk"), ("Other2", *"BCDEFGHIJ", "Other")),
    ],
)
def test_the_names_of_labels_metrics_are_letters_and_digits_and_unique(
    labels: tuple[str, ...], names: tuple[str, ...]
) -> None:
    assert label_metrics(labels) == names


def test_only_a_containers_first_invocation_is_a_cold_start(lines: Lines) -> None:
    assert [metrics_in(line)["ColdStarts"] for line in lines([GOAL, GOAL, GOAL])] == [1, 0, 0]


def test_the_line_of_a_refused_event_names_its_error(lines: Lines) -> None:
    bad, good = lines([{"txt": GOAL}, GOAL])
    assert bad["refusedWith"] == "InputError"
    assert set(metrics_in(bad)) == {"TokenizeMilliseconds", "InferenceMilliseconds", "ColdStarts"}
    assert "refusedWith" not in good


def test_the_line_of_an_http_request_has_its_status(lines: Lines) -> None:
    context = {"http": {"method": "POST"}, "domainName": "abc.lambda-url.us-east-1.on.aws"}
    event = {"version": "2.0", "rawPath": "/classify", "requestContext": context}
    json_body = {"headers": {"content-type": "application/json"}}
    good, bad = lines([event | json_body | {"body": json.dumps({"text": GOAL})}, event | json_body | {"body": "{"}])
    assert (good["httpStatus"], good["eventSource"], metrics_in(good)["Headlines"]) == (200, "FunctionUrl", 1)
    assert bad["httpStatus"] == 400


def test_texts_are_not_logged(lines: Lines) -> None:
    assert SECRET not in json.dumps(lines([SECRET, [SECRET], {"text": SECRET, "top_k": 9}]))


@pytest.mark.parametrize("lines", [{"AGNEWS_LOG_TEXTS": "1"}], indirect=True)
def test_texts_are_logged_where_a_setting_says_so_and_not_without_bound(lines: Lines) -> None:
    single, many = lines([SECRET, [f"{SECRET} {number}" for number in range(MAX_TEXTS + 1)]])
    assert [entry["text"] for entry in single["texts"]] == [SECRET]
    assert set(single["texts"][0]) == {"text", "label", "score"}
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
