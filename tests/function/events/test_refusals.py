"""Warm-ups, EventBridge events and the events of services that carry no headlines."""

import json
from typing import Any

import pytest

from agnews.api.values import Json
from agnews.errors import InputError
from agnews.function.events.dispatch import answer
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.payloads import read_payload
from tests.support.texts import GOAL

SCHEDULED = read_payload("eventbridge_schedule")


@pytest.mark.parametrize(
    "event",
    [
        {"warmup": True},
        SCHEDULED,
        SCHEDULED | {"detail": "{}", "source": "aws.scheduler"},
        {"source": "serverless-plugin-warmup", "concurrency": 2},
        {"source": "serverless-plugin-lambda-warmup"},
        {"warmer": True},
        {"warmer": True, "concurrency": 3, "__WARMER_CORRELATIONID__": "1"},
        [{"warmer": True, "concurrency": 3}],
        {"keepWarm": "true"},
        {"source": "aws.events"},
        "#warmup wait=200",
    ],
)
def test_a_warm_up_gets_the_model_without_an_inference(classifier: Classifier, settings: Settings, event: Json) -> None:
    before = classifier.compute_time
    reply: Any = answer(event, classifier, settings)
    assert (reply["warm"], reply["model"]["engine"]) == (True, "onnx")
    assert classifier.compute_time == before


@pytest.mark.parametrize(
    "extra",
    [
        SCHEDULED,
        {"source": "serverless-plugin-warmup"},
        {"warmer": True},
        {"source": [], "detail-type": "x", "detail": {}},
        {"StackId": "1", "RequestType": "x"},
    ],
)
def test_a_text_is_answered_whatever_stands_beside_it(
    classifier: Classifier, settings: Settings, extra: dict[str, Json]
) -> None:
    reply: Any = answer({"text": GOAL, **extra}, classifier, settings)
    assert reply["label"] == "Sports"


@pytest.mark.parametrize(
    ("detail", "labels"),
    [
        ({"text": GOAL}, ["Sports"]),
        ({"texts": [GOAL, "Oil prices climb as shares fall"]}, ["Sports", "Business"]),
        ([GOAL], ["Sports"]),
        (GOAL, ["Sports"]),
        (json.dumps({"text": GOAL, "top_k": 2}), ["Sports"]),
        (json.dumps([GOAL]), ["Sports"]),
    ],
)
def test_the_detail_of_an_eventbridge_event_is_answered_like_a_direct_request(
    classifier: Classifier, settings: Settings, detail: Json, labels: list[str]
) -> None:
    reply: Any = answer(read_payload("eventbridge") | {"detail": detail}, classifier, settings)
    assert reply == answer(detail, classifier, settings)
    assert [prediction["label"] for prediction in reply.get("predictions", [reply])] == labels


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"detail": {"txt": GOAL}}, "'HeadlinePublished' from 'newsroom.wire' holds no headline: found an object"),
        ({"detail": None}, "holds no headline: found null"),
        ({"detail": {"text": " "}}, "the text is empty"),
        ({"source": "aws.s3", "detail": {"bucket": {}}}, "agnews bulk"),
        ({"source": "aws.guardduty", "detail": {"title": GOAL}}, "'aws.guardduty' holds no headline; choose another"),
    ],
)
def test_an_eventbridge_event_without_a_headline_is_refused_by_its_name(
    classifier: Classifier, settings: Settings, change: dict[str, Json], message: str
) -> None:
    with pytest.raises(InputError) as refusal:
        answer(read_payload("eventbridge") | change, classifier, settings)
    assert message in str(refusal.value)


def records(source: str, **fields: Json) -> dict[str, Json]:
    return {"Records": [{"eventSource": source, **fields}]}


@pytest.mark.parametrize(
    ("event", "name", "remedy"),
    [
        (records("aws:s3", s3={"bucket": {"name": "news"}}), "an S3 notification", "agnews bulk"),
        ({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "news"}, "an S3 test", "agnews bulk"),
        ({"tasks": [], "invocationSchemaVersion": "1.0", "job": {}}, "an S3 Batch", "agnews bulk"),
        (records("aws:dynamodb", dynamodb={}), "DynamoDB stream records", "<$.dynamodb.NewImage.headline.S>"),
        ([{"eventSource": "aws:dynamodb", "dynamodb": {}}], "DynamoDB stream records", "input template"),
        ({"eventSource": "aws:kafka", "records": {"news-0": []}}, "Amazon MSK records", "EventBridge pipe"),
        ({"eventSource": "SelfManagedKafka", "records": {}}, "Apache Kafka records", "EventBridge pipe"),
        ({"eventSource": "aws:mq", "messages": []}, "Amazon MQ messages", "EventBridge pipe"),
        ({"eventSource": "aws:rmq", "rmqMessagesByQueue": {}}, "RabbitMQ messages", "EventBridge pipe"),
        ({"eventSource": "aws:docdb", "events": []}, "DocumentDB change events", "SQS"),
        ({"deliveryStreamArn": "arn", "records": []}, "Firehose records", "read the stream before Firehose"),
        ({"awslogs": {"data": "H4sI"}}, "a CloudWatch Logs subscription", "SQS"),
        (records("aws:ses", ses={}), "an email from SES", "SQS"),
        (records("aws:codecommit", codecommit={}), "a CodeCommit trigger", "another function"),
        (records("aws:new"), "records of 'aws:new'", "SQS"),
        (records("aws:sqs", body=GOAL), "a list with records of 'aws:sqs' (messageId, attributes missing", '"text"'),
        (
            records("aws:kinesis", kinesis={"data": "QQ=="}),
            "a list with records of 'aws:kinesis' (kinesis.sequenceNumber, ",
            "eventID",
        ),
        ([{"eventSource": "aws:sqs", "body": GOAL}], "a list with records of 'aws:sqs' (messageId missing", "SQS"),
        ({"Records": [{"cf": {"request": {}}}]}, "a CloudFront request", "Function URL"),
        ({"requestContext": {"connectionId": "x", "eventType": "MESSAGE"}, "body": "{}"}, "a", "WebSocket"),
        ({"type": "TOKEN", "methodArn": "arn", "authorizationToken": "x"}, "an API Gateway authorizer", "another"),
        (
            read_payload("api_gateway_v1") | {"type": "REQUEST", "methodArn": "arn"},
            "an API Gateway authorizer",
            "another function",
        ),
        (
            read_payload("api_gateway_v2") | {"type": "REQUEST", "routeArn": "arn"},
            "an API Gateway authorizer",
            "another function",
        ),
        (
            {"version": "2.0", "path": "/", "requestContext": {"serviceNetworkArn": "a"}},
            "a VPC Lattice",
            "Function URL",
        ),
        ({"raw_path": "/", "method": "GET"}, "a VPC Lattice", "Function URL"),
        ({"info": {"fieldName": "classify"}, "arguments": {}}, "an AppSync request", '{"text": "…"}'),
        ({"userPoolId": "p", "triggerSource": "PreSignUp_SignUp"}, "a Cognito trigger", "another function"),
        ({"invokingEvent": "{}", "ruleParameters": "{}"}, "an AWS Config rule", "another function"),
        ({"RequestType": "Create", "StackId": "arn"}, "a CloudFormation custom", "another function"),
        ({"SecretId": "arn", "Step": "createSecret"}, "a Secrets Manager rotation", "another function"),
        ({"source": "aws.cloudwatch", "alarmArn": "arn", "alarmData": {}}, "a CloudWatch alarm", "another function"),
        ({"bot": {}, "sessionState": {}}, "a Lex request", "another function"),
        ({"session": {}, "request": {"type": "LaunchRequest"}}, "an Alexa request", "another function"),
        ({"serialNumber": "1", "clickType": "SINGLE"}, "an IoT button", "another function"),
    ],
)
def test_the_event_of_another_service_is_refused_by_its_name_with_what_to_do_instead(
    classifier: Classifier, settings: Settings, event: Json, name: str, remedy: str
) -> None:
    with pytest.raises(InputError) as refusal:
        answer(json.loads(json.dumps(event)), classifier, settings)
    message = str(refusal.value)
    assert message.startswith(name)
    assert remedy in message
    assert len(message) < 250
