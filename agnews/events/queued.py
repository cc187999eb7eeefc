"""Amazon SQS and Kinesis: answers go to the results queue, and `batchItemFailures` names what should come back."""

from collections.abc import Sequence
from typing import Any

from agnews.events.records import Outcome, Record, all_from, from_base64
from agnews.events.results import deliver
from agnews.request import Json
from agnews.settings import Settings


class Sqs:
    """An SQS event source mapping with ReportBatchItemFailures, from a standard or a FIFO queue."""

    form = "an SQS event source mapping's records"

    @staticmethod
    def matches(event: Json) -> bool:
        return all_from(event, "aws:sqs", {"messageId", "body", "attributes"})

    @staticmethod
    def read(event: Any) -> list[Record]:
        return [
            Record(record["messageId"], record["body"], record["attributes"].get("MessageGroupId", ""))
            for record in event["Records"]
        ]

    @staticmethod
    def respond(event: Any, found: Sequence[Outcome], settings: Settings, deadline: float) -> dict[str, object]:
        return failures(deliver(found, settings, deadline, ordered=_fifo(event)))


class Kinesis:
    """A Kinesis event source mapping with ReportBatchItemFailures: from the first failure on, all come back."""

    form = "a Kinesis stream's records"

    @staticmethod
    def matches(event: Json) -> bool:
        return all_from(event, "aws:kinesis", {"kinesis", "eventID"})

    @staticmethod
    def read(event: Any) -> list[Record]:
        return [
            Record(
                record["kinesis"]["sequenceNumber"],
                from_base64(record["kinesis"]["data"]),
                record["eventID"].partition(":")[0],  # the shard's, which keeps the order
            )
            for record in event["Records"]
        ]

    @staticmethod
    def respond(event: Any, found: Sequence[Outcome], settings: Settings, deadline: float) -> dict[str, object]:
        return failures(deliver(found, settings, deadline, ordered=True)[:1])


def _fifo(event: Any) -> bool:
    return str(event["Records"][0].get("eventSourceARN")).endswith(".fifo")


def failures(undone: Sequence[str]) -> dict[str, object]:
    """The partial batch response that has these records come back."""
    return {"batchItemFailures": [{"itemIdentifier": name} for name in undone]}
