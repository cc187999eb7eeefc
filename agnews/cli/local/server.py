"""The HTTP server of `agnews serve`, for browsers, curl, the AWS CLI and SDKs. h11 parses the requests."""

import contextlib
import shlex
import socket
import socketserver
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import h11

from agnews.cli.local.container import PAYLOAD_BYTES, Container
from agnews.cli.local.endpoints import (
    LAMBDA_API,
    LocalReply,
    LocalRequest,
    api_refusal,
    payload_too_large,
    reply_to,
    url_refusal,
)
from agnews.errors import SettingsError
from agnews.settings import TASK_ROOT

READ_TIMEOUT_S = 60
"""How long to wait for the client's next bytes."""
HEAD_BYTES = 64 * 1024
"""Limit of a request line with its headers."""
MAX_TARGET_SHOWN = 200
"""How much of a path and its query a log line shows."""
DISCARDED_BYTES = 8 * PAYLOAD_BYTES
"""How much of a body that is too large is read, because a client that is still sending might not see the reply."""


class ClientConnection(socketserver.BaseRequestHandler):
    """One client, kept alive between requests."""

    server: "LocalServer"
    request: socket.socket

    def handle(self) -> None:
        """Reply to requests until one of the two ends the connection."""
        self.request.settimeout(READ_TIMEOUT_S)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_BYTES)
        with contextlib.suppress(TimeoutError):
            while self._handle_request():
                self._http.start_next_cycle()

    def _handle_request(self) -> bool:
        """Reply to the next request, and return whether the connection stays open."""
        head: h11.Request | None = None
        try:
            event = self._next_event()
            if not isinstance(event, h11.Request):
                return False  # the client ended the connection
            head = event
            with self.server.counted() as accepted:
                if accepted:
                    self._reply(head)
        except h11.RemoteProtocolError as error:
            self._refuse(head, error)
            return False
        return accepted and self._http.our_state is h11.DONE and self._http.their_state is h11.DONE

    def _reply(self, head: h11.Request) -> None:
        """Reply to the request, run an asynchronous invocation once that is sent, and log one line."""
        start = time.monotonic()
        request = local_request(head, self.client_address[0], self._read_body())
        too_large = len(request.body) > PAYLOAD_BYTES
        reply = body_too_large(request) if too_large else reply_to(request, self.server.container)
        self._send(reply, with_body=request.method != "HEAD")
        note = reply.note if reply.afterwards is None else reply.afterwards().error_type or ""
        took_ms = (time.monotonic() - start) * 1000
        target = request.target[:MAX_TARGET_SHOWN]
        log(self.client_address[0], f"{request.method} {target} {reply.status} {took_ms:.0f} ms {note}")

    def _next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                self._write(h11.InformationalResponse(status_code=100, headers=[]))
            self._http.receive_data(self.request.recv(65_536))
        return event

    def _read_body(self) -> bytes:
        """Return the request's body, or of one larger than PAYLOAD_BYTES a little more than that."""
        body = bytearray()
        size = 0
        while size <= DISCARDED_BYTES and isinstance(event := self._next_event(), h11.Data):
            size += len(event.data)
            if len(body) <= PAYLOAD_BYTES:
                body += event.data
        return bytes(body)

    def _refuse(self, head: h11.Request | None, error: h11.RemoteProtocolError) -> None:
        """Send the reply to a request that is not HTTP, if the client can still take one."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        in_api = head is None or head.target.startswith(LAMBDA_API.encode())
        refusal = api_refusal if in_api else url_refusal
        reply = refusal(error.error_status_hint, "InvalidRequestContentException", f"the request is not HTTP: {error}")
        self._send(reply, with_body=True)
        log(self.client_address[0], f"{reply.status} {error}")

    def _send(self, reply: LocalReply, with_body: bool) -> None:
        headers = {"content-type": "application/json", "content-length": str(len(reply.body))}
        headers = {**({} if reply.status == 204 else headers), **reply.headers}
        if self._http.their_state in (h11.SEND_BODY, h11.ERROR):  # the rest of the request is not read
            headers["connection"] = "close"
        self._write(h11.Response(status_code=reply.status, headers=list(headers.items())))
        if with_body:
            self._write(h11.Data(data=reply.body))
        self._write(h11.EndOfMessage())

    def _write(self, event: h11.Event) -> None:
        self.request.sendall(self._http.send(event) or b"")


def local_request(head: h11.Request, client: str, body: bytes) -> LocalRequest:
    """Return a request as the endpoints take it."""
    headers = tuple((name.decode(), value.decode("latin-1")) for name, value in head.headers)
    return LocalRequest(head.method.decode(), head.target.decode(), client, headers, body)


def body_too_large(request: LocalRequest) -> LocalReply:
    """Return the refusal of a body over PAYLOAD_BYTES."""
    if request.path.startswith(LAMBDA_API):
        return payload_too_large(PAYLOAD_BYTES)
    return url_refusal(413, "LimitError", f"the body has more than {PAYLOAD_BYTES:,} bytes; send less")


def log(client: str, message: str) -> None:
    """Print one line to stderr."""
    sys.stderr.write(f"{client} [{time.strftime('%Y-%m-%d %H:%M:%S')}] {message.rstrip()}\n")


class LocalServer(socketserver.ThreadingTCPServer):
    """Accepts any number of clients for one container."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], container: Container) -> None:
        super().__init__(address, ClientConnection)
        self.container = container
        self._replies = 0
        self._ending = False
        self._changed = threading.Condition()
        self._interruption: BaseException | None = None

    def process_request(self, request: Any, client_address: Any) -> None:
        """Start the client's thread. Ctrl-C waits for `service_actions`: raised here, it would close the connection."""
        try:
            super().process_request(request, client_address)
        except (KeyboardInterrupt, SystemExit) as interruption:
            self._interruption = interruption

    def service_actions(self) -> None:
        """Raise the interruption that came while a client's thread was started."""
        if self._interruption is not None:
            raise self._interruption

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
