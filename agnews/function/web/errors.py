"""The HTTP status of each error, in one table, and replies without internals."""

import sys
import traceback
from collections.abc import Mapping

from agnews.errors import AgNewsError, DeadlineError, InputError, LimitError
from agnews.function.web.message import HttpReply, json_reply


class HttpError(AgNewsError):
    """A request that cannot be read. `status` is the HTTP status of the reply."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}


STATUS: tuple[tuple[type[AgNewsError], int], ...] = ((LimitError, 413), (InputError, 422), (DeadlineError, 503))
"""The first class that matches decides. All other errors are 500."""


def error_reply(error: Exception) -> HttpReply:
    """Return `{"error": {"type", "message"}}` as a reply. The details of a 500 go to standard error only."""
    if isinstance(error, HttpError):
        return _reply(error.status, "HttpError", str(error), error.headers)
    for error_class, status in STATUS:
        if isinstance(error, error_class):
            return _reply(status, type(error).__name__, str(error), {})
    traceback.print_exception(error, file=sys.stderr)
    error_type = type(error).__name__ if isinstance(error, AgNewsError) else "InternalError"
    return _reply(500, error_type, "the function failed; its log has the details", {})


def _reply(status: int, error_type: str, message: str, headers: Mapping[str, str]) -> HttpReply:
    # The message may quote a lone surrogate from the request, which UTF-8 cannot encode.
    encodable = message.encode("utf-8", "backslashreplace").decode()
    return json_reply(status, {"error": {"type": error_type, "message": encodable}}, headers)
