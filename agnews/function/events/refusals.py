"""Events that carry no headlines, or none that can be read: each is refused by its name, with what to do instead."""

from typing import NamedTuple

from agnews.api.values import Json, decoded, describe_value
from agnews.errors import InputError
from agnews.function.events.fields import PIPED_FIELDS, RECORD_FIELDS, has_fields, is_present, lacking_fields

BULK = "classify a file in S3 with `agnews bulk` (docs/bulk.md)"
PIPE = 'let an EventBridge pipe send them, with the input template {"text": <$.%s>}'
NO_HEADLINES = "choose another function for it; this one classifies headlines (docs/api.md)"
SEND = "send the headlines to SQS, SNS, Kinesis or EventBridge (docs/queues.md)"
PROXY = "let it send HTTP requests through a Function URL, an API Gateway or a load balancer (docs/http.md)"


class Refusal(NamedTuple):
    """What an event is, and what to do instead of sending it."""

    name: str
    remedy: str


BY_SOURCE: dict[str, Refusal] = {
    "s3": Refusal("an S3 notification", BULK),
    "dynamodb": Refusal("DynamoDB stream records", PIPE % "dynamodb.NewImage.headline.S"),
    "kafka": Refusal("Amazon MSK records", PIPE % "value.headline"),
    "SelfManagedKafka": Refusal("Apache Kafka records", PIPE % "value.headline"),
    "amq": Refusal("Amazon MQ messages", PIPE % "data.headline"),
    "mq": Refusal("Amazon MQ messages", PIPE % "data.headline"),
    "rmq": Refusal("RabbitMQ messages", PIPE % "data.headline"),
    "docdb": Refusal("DocumentDB change events", SEND),
    "ses": Refusal("an email from SES", SEND),
    "codecommit": Refusal("a CodeCommit trigger", NO_HEADLINES),
}
"""By `eventSource`, without its `aws:`."""

BY_FIELDS: tuple[tuple[tuple[str, ...], Refusal], ...] = (
    (
        ("deliveryStreamArn", "records"),
        Refusal("Firehose records", f"read the stream before Firehose, or {BULK} after it"),
    ),
    (("awslogs.data",), Refusal("a CloudWatch Logs subscription", SEND)),
    (("messageType", "logGroup", "logStream"), Refusal("a CloudWatch Logs subscription", SEND)),
    (("Service", "Event", "Bucket"), Refusal("an S3 test notification", BULK)),
    (("tasks", "invocationSchemaVersion"), Refusal("an S3 Batch Operations job", BULK)),
    (("getObjectContext",), Refusal("an S3 Object Lambda request", NO_HEADLINES)),
    (("rmqMessagesByQueue",), BY_SOURCE["rmq"]),
    (("methodArn", "type"), Refusal("an API Gateway authorizer's request", NO_HEADLINES)),
    (("routeArn", "type"), Refusal("an API Gateway authorizer's request", NO_HEADLINES)),
    (("requestContext.connectionId",), Refusal("an API Gateway WebSocket message", PROXY)),
    (("requestContext.serviceNetworkArn",), Refusal("a VPC Lattice request", PROXY)),
    (("raw_path", "method"), Refusal("a VPC Lattice request", PROXY)),
    (("info.fieldName",), Refusal("an AppSync request", 'invoke with the template payload {"text": "…"}')),
    (("typeName", "fieldName", "arguments"), Refusal("an AppSync request", 'invoke with the payload {"text": "…"}')),
    (("userPoolId", "triggerSource"), Refusal("a Cognito trigger", NO_HEADLINES)),
    (("identityPoolId", "datasetName"), Refusal("a Cognito trigger", NO_HEADLINES)),
    (("invokingEvent",), Refusal("an AWS Config rule's event", NO_HEADLINES)),
    (("RequestType", "StackId"), Refusal("a CloudFormation custom resource's request", NO_HEADLINES)),
    (("SecretId", "Step"), Refusal("a Secrets Manager rotation", NO_HEADLINES)),
    (("alarmArn", "alarmData"), Refusal("a CloudWatch alarm", NO_HEADLINES)),
    (("bot", "sessionState"), Refusal("a Lex request", NO_HEADLINES)),
    (("bot", "currentIntent"), Refusal("a Lex request", NO_HEADLINES)),
    (("session", "request.type"), Refusal("an Alexa request", NO_HEADLINES)),
    (("messageVersion", "agent", "actionGroup"), Refusal("a Bedrock agent's request", NO_HEADLINES)),
    (("Details.ContactData",), Refusal("an Amazon Connect request", NO_HEADLINES)),
    (("deviceEvent",), Refusal("an IoT button's event", NO_HEADLINES)),
    (("serialNumber", "clickType"), Refusal("an IoT button's event", NO_HEADLINES)),
)
"""By fields that no other event has all of. The first that fits decides."""
BY_RECORD_FIELDS: tuple[tuple[str, Refusal], ...] = (
    ("cf", Refusal("a CloudFront request", PROXY)),
    ("s3.bucket", BY_SOURCE["s3"]),
)
"""By a field of the first record, for records without a source."""
SOURCE_KEYS = ("eventSource", "EventSource")


def refusal(event: Json, expected: str) -> InputError:
    """Return the error for an event that cannot be answered: what it is and, if that is unknown, what is expected."""
    named = _by_record(event) or _by_fields(event)
    if named is not None:
        return InputError(f"{named.name} cannot be answered here; {named.remedy}")
    send = _under_another_key(event) or expected
    return InputError(f"found {describe_value(event)}, which is no known form of event; send {send}")


def _under_another_key(event: Json) -> str | None:
    """Return what to send instead of an object whose texts seem to be under a key of another name."""
    if not isinstance(event, dict):
        return None
    for key, value in event.items():
        if isinstance(decoded(value) if isinstance(value, str) else value, dict):
            return f"what is in {key[:40]!r} by itself" if len(event) == 1 else None
        if isinstance(value, str) and " " in value.strip():
            return f"the headline as 'text' instead of {key[:40]!r}"
        if isinstance(value, list) and value and all(isinstance(item, str | dict) for item in value):
            return f"the headlines as 'texts' instead of {key[:40]!r}"
    return None


def by_service(service: str) -> str:
    """Return the remedy for events of an AWS service, named as in `aws.s3`."""
    return BY_SOURCE[service].remedy if service in BY_SOURCE else NO_HEADLINES


def _by_record(event: Json) -> Refusal | None:
    """Return what the records of the event are, if it has any and they are not ours."""
    records = event if isinstance(event, list) else event.get("Records") if isinstance(event, dict) else None
    first = records[0] if isinstance(records, list) and records else None
    for field, named in BY_RECORD_FIELDS:
        if has_fields(first, {field: is_present}):
            return named
    sources = [holder.get(key) for holder in (first, event) for key in SOURCE_KEYS if isinstance(holder, dict)]
    source = next((source for source in sources if isinstance(source, str)), None)
    if source is None:
        return None
    service = source.removeprefix("aws:")
    fields = (PIPED_FIELDS if isinstance(event, list) else RECORD_FIELDS).get(service)
    if fields is not None:
        lacking = ", ".join(lacking_fields(first, fields))
        problem = f"({lacking} missing or invalid)" if lacking else "that are mixed with others or lack some fields"
        return Refusal(f"a list with records of {source!r} {problem}", f'{SEND}, or send {{"text": "one headline"}}')
    return BY_SOURCE.get(service) or Refusal(f"records of {source[:40]!r}", SEND)


def _by_fields(event: Json) -> Refusal | None:
    for fields, named in BY_FIELDS:
        if has_fields(event, dict.fromkeys(fields, is_present)):
            return named
    return None
