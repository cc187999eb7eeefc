"""The handler on this machine, behind Lambda's Invoke API and a Function URL: for browsers, curl, the CLI and SDKs."""

import contextlib
import shlex
import socketserver
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agnews.cli.local.api import INVOKE, ROUTES, Call, Reply, refusal, too_large, url_refusal
from agnews.cli.local.container import PAYLOAD_BYTES, Container
from agnews.errors import SettingsError
from agnews.settings import TASK_ROOT

SECONDS_PER_READ = 60
"""A client that promised a body and sends none is let go after this long."""


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
        usual = {"content-type": "application/json", "content-length": str(len(found.body))}
        for name, value in {**({} if found.status == 204 else usual), **found.headers}.items():
            self.send_header(name, value)
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

    def __getattr__(self, name: str) -> Callable[[], None]:
        """`reply`, for every method that a client may think of: the handler says which ones a path takes."""
        if name.startswith("do_"):
            return self.reply
        raise AttributeError(name)

    def _routed(self) -> Reply | None:
        body = self._body()
        if not isinstance(body, bytes):
            return body
        path = self.path.partition("?")[0]
        matches = [(route, match) for route in ROUTES if (match := route.path.fullmatch(path))]
        for route, match in matches:
            if route.method in (self.command, None):
                found = self.server.container, match.groups(), self.command, self.path, self.client_address[0]
                return route.answer(Call(*found, self.headers, body))
        if matches:
            allow = ", ".join(route.method or "" for route, _ in matches)
            return refusal(405, "MethodNotAllowedException", f"{path} takes {allow}", {"Allow": allow})
        known = "/2015-03-31/functions/function/invocations"
        return refusal(404, "ResourceNotFoundException", f"no such path; POST an event to {known}")

    def _body(self) -> bytes | Reply | None:
        lengths = set(self.headers.get_all("Content-Length", []))
        if self.headers.get("Transfer-Encoding") or (not lengths and self.command == "POST"):
            self.close_connection = True
            return self._refusal(411, "LengthRequired", "send Content-Length; chunked bodies are not read")
        length = lengths.pop() if lengths else "0"
        if lengths or not (length.isascii() and length.isdigit() and len(length) <= 18):
            self.close_connection = True
            return self._refusal(400, "InvalidRequestContentException", "Content-Length must be one whole number")
        if int(length) <= PAYLOAD_BYTES:
            body = self.rfile.read(int(length))
            return body if len(body) == int(length) else None
        self.close_connection = True
        self._discard(int(length))
        if self.path.startswith(INVOKE):
            return too_large(PAYLOAD_BYTES)
        return url_refusal(
            413, "LimitError", f"the body has {int(length):,} bytes, at most {PAYLOAD_BYTES:,}; send less"
        )

    def _refusal(self, status: int, error_type: str, message: str) -> Reply:
        return (refusal if self.path.startswith(INVOKE) else url_refusal)(status, error_type, message)

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
        sys.path.insert(0, str(TASK_ROOT))  # the console script may be started from anywhere
        from handler import CLASSIFIER, lambda_handler  # loads the model: not paid by `agnews --help`

        try:
            server = Server((host, port), Container(lambda_handler, timeout_s))
        except (OSError, OverflowError) as error:
            raise SettingsError(f"cannot listen on {host}:{port} ({error}); choose another --port or --host") from error
        with server:
            sys.stdout.write(banner(f"http://{server.server_address[0]!s}:{server.server_address[1]}"))
            sys.stdout.flush()
            try:
                server.serve_forever()
            finally:
                CLASSIFIER.close()


def banner(url: str) -> str:
    """The address on the first line, and commands to paste."""
    path = f"{url}/2015-03-31/functions/function/invocations"
    event = shlex.quote(f"fileb://{TASK_ROOT / 'examples' / 'events' / 'single.json'}")
    lines = [
        f"Serving {url} (a page to try it on; Ctrl-C stops)",
        f"""  curl {url}/classify -H 'content-type: text/plain' -d 'Central bank holds interest rates'""",
        f"""  curl {path} -d '{{"text": "Central bank holds interest rates"}}'""",
        f"  aws lambda invoke --function-name function --endpoint-url {url} --no-sign-request --region us-east-1"
        f" --payload {event} /dev/stdout",
    ]
    return "\n".join(lines) + "\n"
