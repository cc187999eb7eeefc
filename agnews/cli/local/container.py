"""The handler as a Lambda container runs it: one invocation at a time, with a context and a deadline."""

import io
import json
import logging
import math
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace

from agnews.api.values import Json

PAYLOAD_BYTES = 6 * 1024 * 1024
"""Lambda's limit for the event and the answer of a synchronous invocation."""

RESPONSE_BYTES = PAYLOAD_BYTES + 100
"""The limit that Lambda names when it refuses a larger answer."""


LOG = logging.getLogger("agnews")
"""The function's log."""
RECORD_FIELDS = frozenset(vars(logging.makeLogRecord({})))


@dataclass(frozen=True)
class LocalContext:
    """What Lambda hands the handler besides the event."""

    function_name: str
    deadline: float
    """On time.monotonic()'s clock, in seconds."""
    qualifier: str = ""
    """The alias or version that the caller named; empty for none."""
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    function_version: str = "$LATEST"
    memory_limit_in_mb: str = "3008"

    @property
    def invoked_function_arn(self) -> str:
        """An ARN of Lambda's form, with the account number that AWS's documentation uses."""
        suffix = f":{self.qualifier}" if self.qualifier else ""
        return f"arn:aws:lambda:us-east-1:012345678912:function:{self.function_name}{suffix}"

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds before the timeout, 0 if it has passed."""
        return max(0, math.floor((self.deadline - time.monotonic()) * 1000))


LambdaHandler = Callable[[Json, LocalContext], Mapping[str, object] | Sequence[Mapping[str, object]]]


@dataclass(frozen=True)
class HandlerResult:
    """The handler's answer, or its error as Lambda reports it."""

    body: bytes
    """JSON in UTF-8."""
    error_type: str | None = None
    log: str = ""
    """What the invocation logged, between Lambda's own lines."""


class Container:
    """Runs `handler` for one caller at a time while the others wait; in Lambda each would get its own container."""

    def __init__(self, handler: LambdaHandler, timeout_s: float) -> None:
        self._handler = handler
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        LOG.setLevel(logging.INFO)  # Lambda's level
        if logging.lastResort:
            LOG.addHandler(logging.lastResort)  # warnings go to stderr, also where an invocation's log is collected

    def invoke(self, event: Json, function_name: str, qualifier: str = "", exclusive: bool = True) -> HandlerResult:
        """Return the handler's answer or error. The timeout starts when the invocation's turn comes.

        An invocation that computes nothing need not be `exclusive`: it runs beside the others.
        """
        with self._lock if exclusive else nullcontext():
            start = time.monotonic()
            context = LocalContext(function_name, start + self._timeout_s, qualifier)
            with collected_log() as log:
                result = self._result(event, context)
        return replace(result, log=log_text(context, log.getvalue(), (time.monotonic() - start) * 1000))

    def _result(self, event: Json, context: LocalContext) -> HandlerResult:
        try:
            answer = self._handler(event, context)
        except Exception as error:  # Lambda reports whatever the handler raises
            frames = traceback.extract_tb(error.__traceback__)[1:]
            return error_result(type(error).__name__, str(error), context, traceback.format_list(frames))
        return answer_result(answer, context)


@contextmanager
def collected_log() -> Iterator[io.StringIO]:
    """Collect for the block what the function logs in this thread; other invocations may run beside it."""
    thread = threading.get_ident()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(lambda record: record.thread == thread)
    handler.setFormatter(JsonLines())
    LOG.addHandler(handler)
    try:
        yield stream
    finally:
        LOG.removeHandler(handler)


class JsonLines(logging.Formatter):
    """Formats each record as one JSON object with its extra fields, as Lambda does."""

    def format(self, record: logging.LogRecord) -> str:
        extra = {name: value for name, value in vars(record).items() if name not in RECORD_FIELDS}
        return json.dumps({"level": record.levelname, "message": record.getMessage(), **extra})


def log_text(context: LocalContext, logged: str, took_ms: float) -> str:
    """Return what was logged between the lines that Lambda writes before and after each invocation."""
    request = f"RequestId: {context.aws_request_id}"
    return (
        f"START {request} Version: {context.function_version}\n{logged}END {request}\n"
        f"REPORT {request}\tDuration: {took_ms:.2f} ms\tBilled Duration: {math.ceil(took_ms)} ms\t"
        f"Memory Size: {context.memory_limit_in_mb} MB\n"
    )


def answer_result(answer: object, context: LocalContext) -> HandlerResult:
    """Return the answer as JSON, or the error with which Lambda or its runtime client refuses it."""
    try:
        body = json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        return error_result("Runtime.MarshalError", f"Unable to marshal response: {error}", context)
    if len(body) > RESPONSE_BYTES:
        message = f"Response payload size exceeded maximum allowed payload size ({RESPONSE_BYTES} bytes)."
        return error_result("Function.ResponseSizeTooLarge", message, context)
    return HandlerResult(body)


def error_result(error_type: str, message: str, context: LocalContext, stack: list[str] | None = None) -> HandlerResult:
    """Return an error in the form that the Python runtime client gives it."""
    error = {
        "errorMessage": message,
        "errorType": error_type,
        "requestId": context.aws_request_id,
        "stackTrace": stack or [],
    }
    return HandlerResult(json.dumps(error).encode(), error_type)
