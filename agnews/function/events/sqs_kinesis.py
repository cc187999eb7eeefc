"""Amazon SQS and Kinesis: answers go to the results queue; `batchItemFailures` lists the records to retry."""

from collections.abc import Mapping, Sequence
from typing import Any

from agnews.api.values import Json
from agnews.errors import SettingsError
from agnews.function.events.fields import RECORD_FIELDS, is_id
from agnews.function.events.records import Record, RecordResult, has_records
from agnews.function.events.results import deliver
from agnews.settings import Settings

BatchResponse = dict[str, list[dict[str, str]]]


class Sqs:
    """An SQS event source mapping with ReportBatchItemFailures, from a standard or a FIFO queue."""

    form = "SQS"

    @staticmethod
    def matches(event: Json) -> bool:
        return has_records(event, "eventSource", "aws:sqs", RECORD_FIELDS["sqs"])

    @staticmethod
    def read(event: Any, settings: Settings) -> list[Record]:
        _check_queues(_source_arn(event), settings)
        return [
            Record(record["messageId"], record["body"], group=_group(record["attributes"]))
            for record in event["Records"]
        ]

    @staticmethod
    def respond(event: Any, results: Sequence[RecordResult], settings: Settings, deadline: float) -> BatchResponse:
        return batch_response(deliver(results, settings, deadline, ordered=_source_arn(event).endswith(".fifo")))


class Kinesis:
    """A Kinesis event source mapping with ReportBatchItemFailures: records are retried from the first failure on."""

    form = "Kinesis"

    @staticmethod
    def matches(event: Json) -> bool:
        return has_records(event, "eventSource", "aws:kinesis", RECORD_FIELDS["kinesis"])

    @staticmethod
    def read(event: Any, settings: Settings) -> list[Record]:
        _check_queues(_source_arn(event), settings)
        return [
            Record(
                record["kinesis"]["sequenceNumber"],
                record["kinesis"]["data"],
                encoded=True,
                group=record["eventID"].partition(":")[0],  # the shard, within which order matters
            )
            for record in event["Records"]
        ]

    @staticmethod
    def respond(event: Any, results: Sequence[RecordResult], settings: Settings, deadline: float) -> BatchResponse:
        return batch_response(deliver(results, settings, deadline, ordered=True)[:1])


def _group(attributes: Mapping[str, Json]) -> str:
    """Return a FIFO queue's message group; the attributes of other queues have none."""
    group = attributes.get("MessageGroupId")
    return group if isinstance(group, str) and is_id(group) else ""


def _source_arn(event: Any) -> str:
    return str(event["Records"][0].get("eventSourceARN"))


def _check_queues(source: str, settings: Settings) -> None:
    """Check that there is a queue for the answers, and that it is not the source. Raises SettingsError otherwise."""
    if not settings.results_queue_url:
        raise SettingsError("there is no queue for the results of records; set AGNEWS_RESULTS_QUEUE_URL")
    account_and_name = source.split(":")[-2:]
    for url in (settings.results_queue_url, settings.dead_letter_queue_url):
        if url.split("/")[-2:] == account_and_name:
            raise SettingsError(f"the results of records from {source!r} would go to the same queue; set another queue")


def batch_response(record_ids: Sequence[str]) -> BatchResponse:
    """Return the partial batch response that makes Lambda retry these records."""
    return {"batchItemFailures": [{"itemIdentifier": record_id} for record_id in record_ids]}
