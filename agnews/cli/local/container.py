"""The handler as a Lambda container runs it: one invocation at a time, with a context and a deadline."""

import json
import math
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from agnews.api.request import Json

PAYLOAD_BYTES = 6 * 1024 * 1024
"""What Lambda takes and gives in a synchronous invocation."""

RESPONSE_BYTES = PAYLOAD_BYTES + 100
"""Lambda's own allowance for an answer, by the message it refuses a larger one with."""


@dataclass(frozen=True)
class LocalContext:
    """What Lambda hands the handler besides the event."""

    function_name: str
    deadline: float
    """On time.monotonic()'s clock, in seconds."""
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "3008"

    @property
    def invoked_function_arn(self) -> str:
        """An ARN of Lambda's form, in the account that AWS's documentation uses."""
        return f"arn:aws:lambda:us-east-1:012345678912:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds before the timeout; 0 when it has passed."""
        return max(0, math.floor((self.deadline - time.monotonic()) * 1000))


LambdaHandler = Callable[[Json, LocalContext], Mapping[str, object] | Sequence[Mapping[str, object]]]


@dataclass(frozen=True)
class Outcome:
    """What an invocation gave: the answer, or an error as Lambda reports it. `body` is JSON in UTF-8."""

    body: bytes
    error_type: str | None = None


class Container:
    """Runs `handler` for one caller at a time; the others wait, as they would be throttled or get their own."""

    def __init__(self, handler: LambdaHandler, timeout_s: float) -> None:
        self._handler = handler
        self._timeout_s = timeout_s
        self._lock = threading.Lock()

    def invoke(self, event: Json, function_name: str, waits: bool = True) -> Outcome:
        """The handler's answer; what it raises is an Outcome, too. The time starts when its turn comes.

        What computes nothing need not wait for its turn: in Lambda it would get a container of its own.
        """
        with self._lock if waits else nullcontext():
            context = LocalContext(function_name, time.monotonic() + self._timeout_s)
            try:
                answer = self._handler(event, context)
            except Exception as error:  # Lambda answers whatever the handler raises
                frames = traceback.extract_tb(error.__traceback__)[1:]
                return failure(type(error).__name__, str(error), context, traceback.format_list(frames))
        return marshalled(answer, context)


def marshalled(answer: object, context: LocalContext) -> Outcome:
    """The answer as JSON; an error where the runtime client or Lambda would refuse it, or where it is not JSON."""
    try:
        body = json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        return failure("Runtime.MarshalError", f"Unable to marshal response: {error}", context)
    if len(body) > RESPONSE_BYTES:
        limit = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
        return failure("Function.ResponseSizeTooLarge", limit, context)
    return Outcome(body)


def failure(error_type: str, message: str, context: LocalContext, stack: list[str] | None = None) -> Outcome:
    """An error in the form that the Python runtime client gives it."""
    found = {
        "errorMessage": message,
        "errorType": error_type,
        "requestId": context.aws_request_id,
        "stackTrace": stack or [],
    }
    return Outcome(json.dumps(found).encode(), error_type)
