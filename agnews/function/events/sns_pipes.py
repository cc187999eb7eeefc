"""Amazon SNS and EventBridge Pipes: the answers are returned to Lambda, which passes them on."""

from collections.abc import Mapping, Sequence
from typing import Any

from agnews.api.values import Json
from agnews.function.events.fields import PIPED_FIELDS, RECORD_FIELDS, has_fields
from agnews.function.events.records import Record, RecordResult, has_records, record_answers
from agnews.settings import Settings


class Sns:
    """An SNS subscription. It invokes asynchronously, so the answer goes to the on-success destination."""

    form = "SNS"

    @staticmethod
    def matches(event: Json) -> bool:
        return has_records(event, "EventSource", "aws:sns", RECORD_FIELDS["sns"])

    @staticmethod
    def read(event: Any, settings: Settings) -> list[Record]:
        return [Record(record["Sns"]["MessageId"], record["Sns"]["Message"]) for record in event["Records"]]

    @staticmethod
    def respond(
        event: Any, results: Sequence[RecordResult], settings: Settings, deadline: float
    ) -> list[Mapping[str, object]]:
        return record_answers(results)


class Pipe:
    """EventBridge Pipes' enrichment of SQS or Kinesis records without an input template: one answer per record."""

    form = "EventBridge Pipes"

    @staticmethod
    def matches(event: Json) -> bool:
        return isinstance(event, list) and bool(event) and all(map(_is_record, event))

    @staticmethod
    def read(event: Any, settings: Settings) -> list[Record]:
        return [
            Record(record["messageId"], record["body"])
            if record["eventSource"] == "aws:sqs"
            else Record(record["sequenceNumber"], record["data"], encoded=True)
            for record in event
        ]

    @staticmethod
    def respond(
        event: Any, results: Sequence[RecordResult], settings: Settings, deadline: float
    ) -> list[Mapping[str, object]]:
        return record_answers(results)


def _is_record(record: Json) -> bool:
    source = record.get("eventSource") if isinstance(record, dict) else None
    return any(source == f"aws:{service}" and has_fields(record, fields) for service, fields in PIPED_FIELDS.items())
