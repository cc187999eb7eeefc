from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest

from agnews.function.queue import sqs_client
from tests.support.aws_account import Account
from tests.support.mailbox import Mailbox

NUMBERS = count()


@pytest.fixture
def queue(aws: Account, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Mailbox]]:
    """A function that creates queues in moto. Clients in this process use the account, which has no other work."""
    for name, value in aws.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.setattr("agnews.function.queue.FIRST_WAIT_S", 0.001)
    for patience in ("CALL_S", "SILENCE_S"):  # on a busy machine, moto may take longer than SQS does
        monkeypatch.setattr(f"agnews.function.queue.{patience}", 60)
    sqs_client.cache_clear()
    aws.requests.clear()

    from botocore.session import Session  # here, because a lean environment has none

    def create(fifo: bool = False) -> Mailbox:
        client: Any = Session().create_client(
            "sqs"
        )  # moto's first reply may take longer than the function's client waits
        name = f"results{next(NUMBERS)}" + (".fifo" if fifo else "")
        created = client.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})
        return Mailbox(client, created["QueueUrl"])

    yield create
    sqs_client.cache_clear()
    aws.refusals.clear()
    aws.throttled.clear()
