"""From what went wrong to a status: one table, and messages without internals."""

import sys
import traceback
from collections.abc import Mapping

from agnews.errors import AgNewsError, DeadlineError, InputError, LimitError
from agnews.function.web.message import HttpReply, json_reply


class HttpError(AgNewsError):
    """A request that cannot be read; `status` says in what way."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


STATUS: tuple[tuple[type[AgNewsError], int], ...] = ((LimitError, 413), (InputError, 422), (DeadlineError, 503))
"""The first class that fits decides; anything else is our fault, 500."""


def error_reply(error: Exception) -> HttpReply:
    """`{"error": {"type", "message"}}`. What is not the caller's fault is written to standard error instead."""
    if isinstance(error, HttpError):
        return _reply(error.status, "HttpError", str(error), error.headers)
    for kind, status in STATUS:
        if isinstance(error, kind):
            return _reply(status, type(error).__name__, str(error), {})
    traceback.print_exception(error, file=sys.stderr)
    kind_name = type(error).__name__ if isinstance(error, AgNewsError) else "InternalError"
    return _reply(500, kind_name, "the function failed; its log says why", {})


def _reply(status: int, kind: str, message: str, headers: Mapping[str, str]) -> HttpReply:
    # A lone surrogate of the request may be quoted in the message; UTF-8 has no such thing.
    told = message.encode("utf-8", "backslashreplace").decode()
    return json_reply(status, {"error": {"type": kind, "message": told}}, headers)
