"""The HTTP server of `agnews serve`, for browsers, curl, the AWS CLI and SDKs."""

import contextlib
import shlex
import socketserver
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from agnews.cli.local.container import PAYLOAD_BYTES, Container
from agnews.cli.local.endpoints import (
    ENDPOINTS,
    LAMBDA_API,
    LocalReply,
    LocalRequest,
    api_refusal,
    payload_too_large,
    url_refusal,
)
from agnews.errors import SettingsError
from agnews.settings import TASK_ROOT

READ_TIMEOUT_S = 60
"""How long to wait for the body that a client announced."""


class ClientConnection(BaseHTTPRequestHandler):
    """One client, kept alive between requests."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = READ_TIMEOUT_S
    server: "LocalServer"

    def reply(self) -> None:
        """Reply to the current request, unless the server is ending."""
        with self.server.counted() as accepted:
            if accepted:
                self._reply_and_log()
            else:
                self.close_connection = True

    def _reply_and_log(self) -> None:
        """Reply to the current request, run an asynchronous invocation once that is sent, and log one line."""
        start = time.monotonic()
        reply = self._reply_to_request()
        if reply is None:  # the client hung up before its body was complete
            self.close_connection = True
            return
        self._send(reply)
        note = reply.note
        if reply.afterwards is not None:
            note = reply.afterwards().error_type or ""
        took_ms = (time.monotonic() - start) * 1000
        self.log_message("%s", f"{self.command} {self.path} {reply.status} {took_ms:.0f} ms {note}".rstrip())

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Return `reply` for every HTTP method: the handler decides which ones a path takes."""
        if name.startswith("do_"):
            return self.reply
        raise AttributeError(name)

    def _send(self, reply: LocalReply) -> None:
        self.send_response(reply.status)
        headers = {"content-type": "application/json", "content-length": str(len(reply.body))}
        for name, value in {**({} if reply.status == 204 else headers), **reply.headers}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    def _reply_to_request(self) -> LocalReply | None:
        """Return the reply; None if the client hung up."""
        body = self._read_body()
        if not isinstance(body, bytes):
            return body
        path = self.path.partition("?")[0]
        matches = [(endpoint, match) for endpoint in ENDPOINTS if (match := endpoint.path.fullmatch(path))]
        for endpoint, match in matches:
            if endpoint.method in (self.command, None):
                request = self.server.container, match.groups(), self.command, self.path, self.client_address[0]
                return endpoint.reply(LocalRequest(*request, self.headers, body))
        if matches:
            allowed = ", ".join(endpoint.method or "" for endpoint, _ in matches)
            return api_refusal(405, "MethodNotAllowedException", f"{path} takes {allowed}", {"Allow": allowed})
        invoke_path = f"{LAMBDA_API}functions/function/invocations"
        return api_refusal(404, "ResourceNotFoundException", f"no such path; POST an event to {invoke_path}")

    def _read_body(self) -> bytes | LocalReply | None:
        """Return the request's body, a refusal, or None if the client hung up."""
        lengths = set(self.headers.get_all("Content-Length", []))
        if self.headers.get("Transfer-Encoding") or (not lengths and self.command == "POST"):
            self.close_connection = True
            return self._refusal(411, "LengthRequired", "send Content-Length; chunked bodies are not supported")
        length = lengths.pop() if lengths else "0"
        if lengths or not (length.isascii() and length.isdigit() and len(length) <= 18):
            self.close_connection = True
            return self._refusal(400, "InvalidRequestContentException", "Content-Length must be one whole number")
        if int(length) <= PAYLOAD_BYTES:
            body = self.rfile.read(int(length))
            return body if len(body) == int(length) else None
        self.close_connection = True
        self._discard_body(int(length))
        if self.path.startswith(LAMBDA_API):
            return payload_too_large(PAYLOAD_BYTES)
        return url_refusal(
            413, "LimitError", f"the body has {int(length):,} bytes, at most {PAYLOAD_BYTES:,}; send less"
        )

    def _refusal(self, status: int, error_type: str, message: str) -> LocalReply:
        refusal = api_refusal if self.path.startswith(LAMBDA_API) else url_refusal
        return refusal(status, error_type, message)

    def _discard_body(self, length: int) -> None:
        """Read the announced bytes: a client that is still sending would see a reset instead of the reply."""
        left = min(length, 8 * PAYLOAD_BYTES)
        while left > 0 and (part := self.rfile.read(min(left, 65536))):
            left -= len(part)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Do nothing: `reply` logs the request when its duration is known."""


class LocalServer(ThreadingHTTPServer):
    """Accepts any number of clients for one container."""

    request_queue_size = 128

    def __init__(self, address: tuple[str, int], container: Container) -> None:
        super().__init__(address, ClientConnection)
        self.container = container
        self._replies = 0
        self._ending = False
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def counted(self) -> Iterator[bool]:
        """Count a request until its reply is sent. Yields False, for a request to drop, once the server is ending."""
        with self._changed:
            accepted = not self._ending
            self._replies += 1
        try:
            yield accepted
        finally:
            with self._changed:
                self._replies -= 1
                self._changed.notify_all()

    def drain(self) -> None:
        """Stop listening, and return when all requests that have begun have their replies."""
        self.server_close()
        with self._changed:
            self._ending = True
            self._changed.wait_for(lambda: not self._replies)

    def server_bind(self) -> None:
        """Bind without HTTPServer's look-up of the host name, which may wait for a DNS server."""
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print one line if the client hung up, and the traceback of anything else, which is a bug."""
        error = sys.exception()
        if isinstance(error, ConnectionError):
            sys.stderr.write(f"{client_address[0]} hung up: {error}\n")
        else:
            super().handle_error(request, client_address)


def run_server(host: str = "127.0.0.1", port: int = 9000, timeout_s: float = 60) -> None:
    """Serve the handler on `host`:`port` until Ctrl-C; port 0 is any free one.

    Raises:
        SettingsError: the address is not available, or an AGNEWS_ variable is wrong.
        ModelError: model_cache/ does not load.
    """
    with contextlib.suppress(KeyboardInterrupt):
        sys.path.insert(0, str(TASK_ROOT))  # the console script may be started from anywhere
        from handler import CLASSIFIER, lambda_handler  # loads the model: not paid by `agnews --help`

        try:
            server = LocalServer((host, port), Container(lambda_handler, timeout_s))
        except (OSError, OverflowError) as error:
            raise SettingsError(f"cannot listen on {host}:{port} ({error}); choose another --port or --host") from error
        with server:
            sys.stdout.write(banner(f"http://{server.server_address[0]!s}:{server.server_address[1]}"))
            sys.stdout.flush()
            try:
                server.serve_forever()
            finally:
                server.drain()
                CLASSIFIER.close()


def banner(url: str) -> str:
    """Return the address, on the first line, and commands to try."""
    invoke_url = f"{url}{LAMBDA_API}functions/function/invocations"
    event = shlex.quote(f"fileb://{TASK_ROOT / 'examples' / 'events' / 'single.json'}")
    lines = [
        f"Serving {url} (open it in a browser to try the model; Ctrl-C stops the server)",
        f"""  curl {url}/classify -H 'content-type: text/plain' -d 'Central bank holds interest rates'""",
        f"""  curl {invoke_url} -d '{{"text": "Central bank holds interest rates"}}'""",
        f"  aws lambda invoke --function-name function --endpoint-url {url} --no-sign-request --region us-east-1"
        f" --payload {event} /dev/stdout",
    ]
    return "\n".join(lines) + "\n"
