"""Lambda's side of the Runtime API: it drives the real runtime client (awslambdaric) with raw events."""

import itertools
import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "/2018-06-01/runtime/"
PATIENCE_S = 120


@dataclass(frozen=True)
class PendingInvocation:
    """One event on its way to the runtime client."""

    request_id: str
    body: bytes
    deadline_ms: int
    """Unix time."""


@dataclass(frozen=True)
class Outcome:
    """What the runtime client posted."""

    kind: str
    """The path it was posted to, without the request's id: response, error or init/error."""
    body: bytes


class Connection(BaseHTTPRequestHandler):
    """The runtime client's connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "RuntimeApi"

    def do_GET(self) -> None:
        """Answer with the next invocation, once there is one."""
        invocation = self.server.waiting.get() if self.path == f"{PREFIX}invocation/next" else None
        if invocation is None:  # the run is over, or the path is unknown
            self.close_connection = True
            return
        self._send(
            200,
            {
                "Content-Type": "application/json",
                "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
                "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
                "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:012345678912:function:function",
            },
            invocation.body,
        )

    def do_POST(self) -> None:
        """Accept an answer or an error."""
        kind = self.path.removeprefix(PREFIX).removeprefix(f"invocation/{self.server.current}/")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._send(202, {"Content-Type": "application/json"}, b'{"status": "OK"}')
        self.server.outcomes.put(Outcome(kind, body))

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Log nothing."""


class RuntimeApi(ThreadingHTTPServer):
    """A server that hands out one event at a time and collects what the runtime client posts."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Connection)
        self.waiting: queue.SimpleQueue[PendingInvocation | None] = queue.SimpleQueue()
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.current = ""
        self.process_id = 0
        """The runtime client's."""
        self.started = 0.0
        """time.perf_counter() just before the runtime client's process started."""
        self._ids = itertools.count()

    @property
    def address(self) -> str:
        """Return HOST:PORT, the value of AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self.server_port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a runtime client that was killed while it waited; anything else is a bug."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def invoke(self, event: bytes, left_ms: int = 60_000) -> Outcome:
        """Return what the handler's process posts for `event`, `left_ms` before its deadline."""
        self.current = f"00000000-0000-4000-8000-{next(self._ids):012}"
        self.waiting.put(PendingInvocation(self.current, event, int(time.time() * 1000) + left_ms))
        return self.outcomes.get(timeout=PATIENCE_S)


def invocation_s(api: RuntimeApi, event: object) -> float:
    """Return seconds from handing over the event to its answer. Raises RuntimeError if that is an error."""
    body = json.dumps(event).encode()
    start = time.perf_counter()
    outcome = api.invoke(body)
    seconds = time.perf_counter() - start
    if outcome.kind != "response":
        raise RuntimeError(outcome.body.decode())
    return seconds


@contextmanager
def runtime(
    log: Path,
    python: Sequence[str | Path] = (sys.executable,),
    handler: str = "handler.lambda_handler",
    hidden: Sequence[str] = (),
    **settings: str,
) -> Iterator[RuntimeApi]:
    """Yield a Runtime API that serves `python -m awslambdaric HANDLER`; `settings` are environment variables.

    Inherited variables that begin with one of the prefixes in `hidden` are not passed on.
    """
    with RuntimeApi() as api, log.open("wb") as output:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        lambdas = {
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",  # as in the image: answers leave as UTF-8, not escaped
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008",
        }
        command = [*python, "-m", "awslambdaric", handler]
        passed_on = {name: value for name, value in os.environ.items() if not name.startswith(tuple(hidden))}
        variables = {**passed_on, **lambdas, **settings}
        api.started = time.perf_counter()
        with subprocess.Popen(command, cwd=ROOT, env=variables, stdout=output, stderr=output) as process:  # noqa: S603
            api.process_id = process.pid
            try:
                yield api
            finally:
                process.kill()
                api.waiting.put(None)
                api.shutdown()
