"""The handler behind Lambda's Invoke API on this machine, for curl, `aws lambda invoke` and the SDKs."""

import contextlib
import json
import re
import shlex
import socketserver
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import unquote

from agnews.container import PAYLOAD_BYTES, Container, Outcome
from agnews.errors import SettingsError
from agnews.request import Json

ROOT = Path(__file__).resolve().parent.parent

EVENT_BYTES = 1024 * 1024
"""What Lambda takes in an asynchronous invocation."""

SECONDS_PER_READ = 60
"""A client that promised a body and sends none is let go after this long."""


@dataclass(frozen=True)
class Call:
    """One HTTP request whose route was found; `found` is what the route's pattern captured."""

    container: Container
    found: tuple[str, ...]
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Reply:
    """One HTTP answer; `afterwards` runs once it is sent, `note` goes into the log line."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    afterwards: Callable[[], Outcome] | None = None


def refusal(status: int, error_type: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
    """A request that never reached the handler, in the form of Lambda's own service errors."""
    body = json.dumps({"Type": "User", "message": message}).encode()
    return Reply(status, body, {"x-amzn-ErrorType": error_type, **(headers or {})}, error_type)


def invoke(call: Call) -> Reply:
    """The Invoke API: 200 with the answer or the function's error, 202 for an Event, 204 for a DryRun."""
    kind = call.headers.get("X-Amz-Invocation-Type", "RequestResponse")
    if kind not in ("RequestResponse", "Event", "DryRun"):
        return refusal(400, "InvalidParameterValueException", "InvocationType: RequestResponse, Event or DryRun")
    limit = EVENT_BYTES if kind == "Event" else PAYLOAD_BYTES
    if len(call.body) > limit:
        return too_large(limit)
    try:
        event = parsed(call.body)
    except (ValueError, RecursionError) as error:
        message = f"Could not parse request body into json: {error}"
        return refusal(400, "InvalidRequestContentException", message)
    name = unquote(call.found[0])
    if kind == "DryRun":
        return Reply(204)
    if kind == "Event":
        return Reply(202, afterwards=lambda: call.container.invoke(event, name))
    outcome = call.container.invoke(event, name)
    headers = {"X-Amz-Executed-Version": "$LATEST"}
    if outcome.error_type is not None:
        headers["X-Amz-Function-Error"] = "Unhandled"
    return Reply(200, outcome.body, headers, outcome.error_type or "")


def parsed(body: bytes) -> Json:
    """The event; `{}` for an empty body, as Lambda hands it on. Raises ValueError for what is not JSON in UTF-8."""

    def refuse(token: str) -> NoReturn:
        raise ValueError(f"{token} is not JSON")

    event: Json = json.loads(body.decode(), parse_constant=refuse) if body else {}
    return event


def too_large(limit: int) -> Reply:
    """Lambda's refusal of a payload over `limit` bytes."""
    message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
    return refusal(413, "RequestTooLargeException", message)


@dataclass(frozen=True)
class Route:
    """One method and path, and what answers it."""

    method: str
    path: re.Pattern[str]
    answer: Callable[[Call], Reply]


ROUTES: tuple[Route, ...] = (Route("POST", re.compile(r"/2015-03-31/functions/([^/]+)/invocations"), invoke),)


class Connection(BaseHTTPRequestHandler):
    """One client, kept alive between requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = SECONDS_PER_READ
    server: "Server"

    def reply(self) -> None:
        """Answers the request at hand, runs what an Event asked for afterwards, and logs one line about it."""
        start = time.monotonic()
        found = self._routed()
        if found is None:  # the client hung up before its body was complete
            self.close_connection = True
            return
        self.send_response(found.status)
        for name, value in {"Content-Type": "application/json", **found.headers}.items():
            self.send_header(name, value)
        if found.status != 204:
            self.send_header("Content-Length", str(len(found.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(found.body)
        note = found.note
        if found.afterwards is not None:
            note = found.afterwards().error_type or ""
        took_ms = (time.monotonic() - start) * 1000
        self.log_message("%s", f"{self.command} {self.path} {found.status} {took_ms:.0f} ms {note}".rstrip())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = reply  # noqa: N815

    def _routed(self) -> Reply | None:
        body = self._body()
        if not isinstance(body, bytes):
            return body
        path = self.path.partition("?")[0]
        matches = [(route, match) for route in ROUTES if (match := route.path.fullmatch(path))]
        for route, match in matches:
            if route.method == self.command:
                return route.answer(Call(self.server.container, match.groups(), self.headers, body))
        if matches:
            allow = ", ".join(route.method for route, _ in matches)
            return refusal(405, "MethodNotAllowedException", f"{path} takes {allow}", {"Allow": allow})
        known = "/2015-03-31/functions/function/invocations"
        return refusal(404, "ResourceNotFoundException", f"no such path; POST an event to {known}")

    def _body(self) -> bytes | Reply | None:
        lengths = set(self.headers.get_all("Content-Length", []))
        if self.headers.get("Transfer-Encoding") or (not lengths and self.command == "POST"):
            self.close_connection = True
            return refusal(411, "LengthRequired", "send Content-Length; chunked bodies are not read")
        length = lengths.pop() if lengths else "0"
        if lengths or not (length.isascii() and length.isdigit() and len(length) <= 18):
            self.close_connection = True
            return refusal(400, "InvalidRequestContentException", "Content-Length must be one whole number")
        if int(length) <= PAYLOAD_BYTES:
            body = self.rfile.read(int(length))
            return body if len(body) == int(length) else None
        self.close_connection = True
        self._discard(int(length))
        return too_large(PAYLOAD_BYTES)

    def _discard(self, length: int) -> None:
        """Reads what was promised: a client that is still sending would see a reset instead of the answer."""
        left = min(length, 8 * PAYLOAD_BYTES)
        while left > 0 and (part := self.rfile.read(min(left, 65536))):
            left -= len(part)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: `reply` logs, when it knows how long it took."""


class Server(ThreadingHTTPServer):
    """Accepts any number of clients for the one container."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], container: Container) -> None:
        super().__init__(address, Connection)
        self.container = container

    def server_bind(self) -> None:
        """Binds, without HTTPServer's look-up of a host name that may wait for a DNS server."""
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """One line for a client that hung up; anything else is a bug and keeps its traceback."""
        error = sys.exception()
        if isinstance(error, ConnectionError):
            sys.stderr.write(f"{client_address[0]} hung up: {error}\n")
        else:
            super().handle_error(request, client_address)


def serve(host: str = "127.0.0.1", port: int = 9000, timeout_s: float = 60) -> None:
    """Returns after Ctrl-C; until then the handler answers on `host`:`port`, 0 being any free port.

    Raises:
        SettingsError: the address cannot be had, or an AGNEWS_ variable is wrong.
        ModelError: model_cache/ does not load.
    """
    with contextlib.suppress(KeyboardInterrupt):
        if not (ROOT / "handler.py").exists():
            raise SettingsError("agnews serve runs handler.py, which lies in a clone: pip install -e '.[cli]' there")
        sys.path.insert(0, str(ROOT))  # the console script may be started from anywhere
        from handler import lambda_handler  # loads the model: not paid by `agnews --help`

        try:
            server = Server((host, port), Container(lambda_handler, timeout_s))
        except (OSError, OverflowError) as error:
            raise SettingsError(f"cannot listen on {host}:{port} ({error}); choose another --port or --host") from error
        with server:
            sys.stdout.write(banner(f"http://{server.server_address[0]!s}:{server.server_address[1]}"))
            sys.stdout.flush()
            server.serve_forever()


def banner(url: str) -> str:
    """The address on the first line, and commands to paste."""
    path = f"{url}/2015-03-31/functions/function/invocations"
    event = shlex.quote(f"fileb://{ROOT / 'examples' / 'events' / 'single.json'}")
    return (
        f"Serving {url} (Ctrl-C stops)\n"
        f"""  curl {path} -d '{{"text": "Central bank holds interest rates"}}'\n"""
        f"  aws lambda invoke --function-name function --endpoint-url {url} --no-sign-request --region us-east-1"
        f" --payload {event} /dev/stdout\n"
    )
