"""SQS queues in moto, and what a test reads from them."""

import json
from dataclasses import dataclass
from typing import Any

from tests.support.aws_account import Account


@dataclass
class Mailbox:
    """A queue that a test can read."""

    client: Any
    url: str

    def messages(self) -> list[dict[str, Any]]:
        """Receive and delete all messages, in order."""
        messages: list[dict[str, Any]] = []
        options = {"QueueUrl": self.url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
        while received := self.client.receive_message(**options).get("Messages"):
            messages += received
            for message in received:
                self.client.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def answers(self) -> list[dict[str, Any]]:
        return [json.loads(message["Body"]) for message in self.messages()]


def retried(response: Any) -> list[str]:
    """Return the ids of the records that Lambda is to retry."""
    return [failure["itemIdentifier"] for failure in response["batchItemFailures"]]


def count_sends(aws: Account) -> int:
    return sum(request.operation == "SendMessageBatch" for request in aws.requests)
