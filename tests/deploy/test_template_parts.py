"""What template.yaml grants, and what its queues, alarms and dashboard are, under parameters."""

import json
import re
from typing import Any

import pytest

from agnews.function.metrics import UNITS
from agnews.labels import LABELS
from tests.support.requirement import ROOT, require_module

require_module("yaml")

from tests.support.stack import Stack  # noqa: E402

KNOWN = {
    "AGNews": ("FunctionName", set(UNITS)),
    "AWS/Lambda": (
        "FunctionName",
        {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions", "DestinationDeliveryFailures"},
    ),
    "AWS/SQS": ("QueueName", {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"}),
    "AWS/States": (
        "StateMachineArn",
        {f"Executions{how}" for how in ("Started", "Succeeded", "Failed", "TimedOut", "Aborted")},
    ),
}
"""Namespaces, with the dimension and the names of their metrics, as far as they are used."""
ON = {"Queues": "yes", "Bulk": "yes", "BulkInputBucket": "headlines", "TracingActive": "yes"}
LOG = ("logs:CreateLogStream logs:PutLogEvents", "Logs.Arn")
FAILED = ("sqs:SendMessage", "FailedEvents.Arn")


def grants(stack: Stack, role: str) -> list[tuple[str, str]]:
    """Return the actions and resources of a role's statements."""
    policies = stack.resources[role]["Policies"]
    statements = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    return [(joined(statement["Action"]), joined(statement["Resource"])) for statement in statements]


def joined(value: str | list[str]) -> str:
    return value if isinstance(value, str) else " ".join(value)


def test_the_function_may_write_its_log_and_keep_failed_events_and_nothing_else() -> None:
    role = Stack().resources["Role"]
    assert grants(Stack(), "Role") == [LOG, FAILED]
    assert "ManagedPolicyArns" not in role


def test_with_queues_and_tracing_the_function_may_use_them_too() -> None:
    assert grants(Stack(**ON), "Role") == [
        LOG,
        FAILED,
        ("sqs:ReceiveMessage sqs:DeleteMessage sqs:GetQueueAttributes", "Headlines.Arn"),
        ("sqs:SendMessage", "Results.Arn DeadLetters.Arn"),
        ("xray:PutTraceSegments xray:PutTelemetryRecords", "*"),
    ]


def test_a_bulk_run_may_call_the_alias_run_itself_and_use_its_buckets() -> None:
    machine = "arn:aws:states:us-east-1:123456789012:{}:agnews-bulk"
    statements = grants(Stack(**ON, BulkOutputBucket="topics"), "BulkRole")
    assert statements[:6] == [
        ("lambda:InvokeFunction", "arn:aws:lambda:us-east-1:123456789012:function:agnews:live"),
        ("states:StartExecution", machine.format("stateMachine")),
        ("states:DescribeExecution states:StopExecution", machine.format("execution") + ":*"),
        ("states:RedriveExecution", " ".join(machine.format("execution") + f"/{name}:*" for name in ("Csv", "Jsonl"))),
        ("s3:GetObject", "arn:aws:s3:::headlines/*"),
        ("s3:GetObject s3:PutObject s3:ListMultipartUploadParts s3:AbortMultipartUpload", "arn:aws:s3:::topics/*"),
    ]
    assert {
        action.partition(":")[0] for actions, resource in statements if resource == "*" for action in actions.split()
    } == {
        "logs",
        "xray",
    }


def test_results_go_to_the_bucket_that_files_come_from_unless_another_is_named() -> None:
    assert grants(Stack(**ON), "BulkRole")[5][1] == "arn:aws:s3:::headlines/*"


def test_without_parameters_there_are_no_queues_but_that_of_failed_events_and_no_state_machine() -> None:
    stack = Stack()
    assert list(stack.of_type("AWS::SQS::Queue")) == ["FailedEvents"]
    assert "HeadlinesToClassifier" not in stack.resources
    assert "BulkMachine" not in stack.resources
    assert "OnSuccess" not in stack.resources["ClassifierEventInvokeConfig"]["DestinationConfig"]
    assert stack.resources["Classifier"]["Environment"]["Variables"] == {
        "AGNEWS_ENGINE": "onnx",
        "AGNEWS_METRICS_NAMESPACE": "AGNews",
    }


def test_with_queues_the_alias_reads_one_and_the_function_knows_the_others() -> None:
    resources = Stack(Queues="yes", LogTexts="yes").resources
    mapping = resources["HeadlinesToClassifier"]
    assert (mapping["EventSourceArn"], mapping["FunctionName"][-5:]) == ("Headlines.Arn", ":live")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    redrive = {"deadLetterTargetArn": "DeadLetters.Arn", "maxReceiveCount": 5}
    assert resources["Headlines"]["RedrivePolicy"] == redrive
    for name in ("ClassifierEventInvokeConfig", "LatestAsynchronous"):
        assert resources[name]["DestinationConfig"]["OnSuccess"] == {"Destination": "Results.Arn"}
    assert resources["Classifier"]["Environment"]["Variables"] == {
        "AGNEWS_ENGINE": "onnx",
        "AGNEWS_METRICS_NAMESPACE": "AGNews",
        "AGNEWS_LOG_TEXTS": "1",
        "AGNEWS_RESULTS_QUEUE_URL": "Results",
        "AGNEWS_DEAD_LETTER_QUEUE_URL": "DeadLetters",
    }


@pytest.mark.parametrize(
    ("parameters", "timeout", "visibility"),
    [({}, 60, 360), ({"Engine": "pipeline"}, 120, 720), ({"TimeoutSeconds": "30"}, 30, 300)],
)
def test_a_message_stays_hidden_for_at_least_six_timeouts(
    parameters: dict[str, str], timeout: int, visibility: int
) -> None:
    resources = Stack(Queues="yes", **parameters).resources
    assert int(resources["Classifier"]["Timeout"]) == timeout
    assert int(resources["Headlines"]["VisibilityTimeout"]) == visibility


def test_alarms_notify_the_topic_if_there_is_one_and_are_left_out_on_request() -> None:
    topic = "arn:aws:sns:us-east-1:123456789012:news"
    named = Stack(**ON, AlarmTopicArn=topic).of_type("AWS::CloudWatch::Alarm")
    assert {tuple(alarm["AlarmActions"]) for alarm in named.values()} == {(topic,)}
    assert not any("AlarmActions" in alarm for alarm in Stack(**ON).of_type("AWS::CloudWatch::Alarm").values())
    assert Stack(**ON, Alarms="no").of_type("AWS::CloudWatch::Alarm") == {}
    assert set(named) - set(Stack().of_type("AWS::CloudWatch::Alarm")) == {"DeadLettersAlarm"}


def test_drift_is_a_band_over_the_mean_score_and_the_largest_share() -> None:
    alarms = Stack().of_type("AWS::CloudWatch::Alarm")
    bands = {name: alarm for name, alarm in alarms.items() if "ThresholdMetricId" in alarm}
    assert set(bands) == {"MeanScoreDriftAlarm", "LargestShareDriftAlarm"}
    for alarm in bands.values():
        returned = [metric["Id"] for metric in alarm["Metrics"] if metric.get("ReturnData", True)]
        assert len(returned) == 2
        assert alarm["Metrics"][-1]["Expression"] == f"ANOMALY_DETECTION_BAND({returned[0]}, 3)"


def test_the_duration_alarm_is_at_four_fifths_of_the_timeout() -> None:
    alarm = Stack(TimeoutSeconds="30").resources["DurationAlarm"]
    assert (alarm["Metrics"][0]["Expression"], alarm["Threshold"]) == ("duration / (10 * 30)", 80)


def metrics_of(alarm: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Return namespace, name and dimension of an alarm's metrics."""
    single = [alarm] if "MetricName" in alarm else []
    metrics = single + [metric["MetricStat"]["Metric"] for metric in alarm.get("Metrics", []) if "MetricStat" in metric]
    return [(item["Namespace"], item["MetricName"], item["Dimensions"][0]["Name"]) for item in metrics]


def test_alarms_look_at_metrics_that_exist() -> None:
    metrics = [item for alarm in Stack(**ON).of_type("AWS::CloudWatch::Alarm").values() for item in metrics_of(alarm)]
    drift = {"LargestShare", "MeanScore"}
    failures = {"Errors", "Duration", "Throttles", "DestinationDeliveryFailures", "ApproximateNumberOfMessagesVisible"}
    assert {name for _, name, _ in metrics} == drift | failures
    assert [item for item in metrics if item[1] not in KNOWN[item[0]][1] or item[2] != KNOWN[item[0]][0]] == []


@pytest.mark.parametrize(("parameters", "widgets"), [({}, 8), ({"Queues": "yes"}, 9), ({"Bulk": "yes"}, 9), (ON, 10)])
def test_the_dashboard_is_json_and_shows_metrics_that_exist(parameters: dict[str, str], widgets: int) -> None:
    body = json.loads(Stack(**parameters).resources["Board"]["DashboardBody"])
    assert len(body["widgets"]) == widgets
    for widget in body["widgets"]:
        drawn = [item for item in widget["properties"]["metrics"] if isinstance(item[0], str)]
        assert drawn or widget is topics_widget(body)
        assert [item for item in drawn if item[1] not in KNOWN[item[0]][1] or item[2] != KNOWN[item[0]][0]] == []


def topics_widget(body: dict[str, Any]) -> dict[str, Any]:
    """Return the widget of the dashboard that searches for the metrics of topics."""
    (widget,) = [item for item in body["widgets"] if "SEARCH" in json.dumps(item)]
    assert isinstance(widget, dict)
    return widget


def test_the_dashboard_draws_all_metrics_of_the_function_but_those_that_have_another_place() -> None:
    body = json.loads(Stack(MetricsNamespace="News/Topics").resources["Board"]["DashboardBody"])
    (((search,),),) = [widget["properties"]["metrics"] for widget in [topics_widget(body)]]
    assert search["expression"].startswith(
        'SEARCH(\'{"News/Topics",FunctionName} FunctionName="agnews" NOT MetricName='
    )
    assert sorted(re.findall(r'NOT MetricName="(\w+)"', search["expression"])) == sorted(UNITS)
    assert len(search["expression"]) <= 1024


def test_no_topic_is_named_in_the_template() -> None:
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    assert [label for label in LABELS if label in template] == []


def test_the_dashboard_draws_the_timeout_where_the_duration_is() -> None:
    body = json.loads(Stack(TimeoutSeconds="30").resources["Board"]["DashboardBody"])
    (line,) = [
        item for widget in body["widgets"] for item in widget["properties"].get("annotations", {}).get("horizontal", [])
    ]
    assert line == {"label": "timeout", "value": 30_000}


@pytest.mark.parametrize("parameters", [{}, ON])
def test_every_queue_refuses_requests_without_tls(parameters: dict[str, str]) -> None:
    stack = Stack(**parameters)
    refused = []
    for policy in stack.of_type("AWS::SQS::QueuePolicy").values():
        (statement,) = policy["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "sqs:*")
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        assert [f"{queue}.Arn" for queue in policy["Queues"]] == [statement["Resource"]]
        refused += policy["Queues"]
    assert sorted(refused) == sorted(stack.of_type("AWS::SQS::Queue"))


def test_logs_and_queues_use_the_given_key_and_the_function_may_use_it_for_queues_alone() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1"
    stack = Stack(**ON, KmsKeyArn=key)
    encrypted = [*stack.of_type("AWS::SQS::Queue").values(), *stack.of_type("AWS::Logs::LogGroup").values()]
    assert len(encrypted) == 6
    assert {item.get("KmsMasterKeyId") or item.get("KmsKeyId") for item in encrypted} == {key}
    assert not any("SqsManagedSseEnabled" in item for item in encrypted)
    (policy,) = [item for item in stack.resources["Role"]["Policies"] if item["PolicyName"] == "use-key"]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["kms:Decrypt", "kms:GenerateDataKey"], key)
    assert statement["Condition"] == {"StringEquals": {"kms:ViaService": "sqs.us-east-1.amazonaws.com"}}


def test_without_a_key_queues_are_encrypted_by_sqs_and_nobody_may_use_one() -> None:
    stack = Stack(**ON)
    queues = stack.of_type("AWS::SQS::Queue").values()
    assert [(item["SqsManagedSseEnabled"], "KmsMasterKeyId" in item) for item in queues] == [(True, False)] * 4
    assert not any("KmsKeyId" in group for group in stack.of_type("AWS::Logs::LogGroup").values())
    assert "kms:" not in json.dumps(stack.resources["Role"])


def test_texts_are_in_no_log_unless_asked_for() -> None:
    resources = Stack(**ON).resources
    assert "AGNEWS_LOG_TEXTS" not in resources["Classifier"]["Environment"]["Variables"]
    assert resources["BulkMachine"]["LoggingConfiguration"]["IncludeExecutionData"] is False
