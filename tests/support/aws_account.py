"""A simulated AWS account for the real AWS CLI: moto, and `agnews serve` for invocations, as moto runs no images."""

import json
import os
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.support.free_port import free_port
from tests.support.requirement import DEPLOY_TOOLS, require_module

NUMBER = "123456789012"
PATIENCE_S = 300
NOBODY = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "PYTHONUTF8": "1",
}
"""The environment of the AWS CLI for a user without credentials."""

DROPPED = ("host", "connection", "content-length")
"""Headers that are not forwarded."""


@dataclass(frozen=True)
class AwsRequest:
    """One request to the account."""

    method: str
    path: str
    target: str
    """X-Amz-Target: the operation of a JSON service."""
    body: bytes

    @property
    def operation(self) -> str:
        """AWS's name for it, or method and path for services that identify operations by these."""
        name = self.target.rpartition(".")[2] or parse_qs(self.body.decode(errors="replace")).get("Action", [""])[0]
        return name or f"{self.method} {self.path.partition('?')[0]}"

    @property
    def changes(self) -> bool:
        """Whether it may change something."""
        return not self.operation.startswith(("Get", "Describe", "List", "GET"))


@dataclass
class Account:
    """The address and state of a simulated account."""

    url: str
    environment: dict[str, str] = field(default_factory=dict)
    """Variables that make the AWS CLI use the account."""
    requests: list[AwsRequest] = field(default_factory=list)
    """All requests so far, oldest first."""
    refusals: list[tuple[str, str, str]] = field(default_factory=list)
    """Operation, error type and message of requests to refuse, each once."""
    throttled: list[str] = field(default_factory=list)
    """Parts of SQS messages whose batch entries fail as if throttled, each once."""

    def client(self, service: str) -> Any:
        """Return boto3's client of a service of the account."""
        require_module("boto3")
        import boto3

        keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
        return boto3.client(service, endpoint_url=self.url, **keys)


MOTO_SERVER = (str(DEPLOY_TOOLS / "moto_server"),)


@contextmanager
def moto(folder: Path, program: Sequence[str] = MOTO_SERVER, **variables: str) -> Iterator[str]:
    """Start a moto server that checks that a function's image is in its ECR, and yield its address."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [*program, "-H", "127.0.0.1", "-p", str(port)]
    environment = os.environ | {"MOTO_LAMBDA_STUB_ECR": "false"} | variables
    with (
        (folder / "moto.txt").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            end = time.monotonic() + PATIENCE_S
            while not is_up(f"{url}/moto-api/"):
                assert process.poll() is None and time.monotonic() < end, (folder / "moto.txt").read_text()
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()


def is_up(url: str) -> bool:
    """Return whether the server answers."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except OSError:  # refused, or too slow
        return False
    return True


@contextmanager
def account(moto_url: str, lambda_url: str) -> Iterator[Account]:
    """Empty the moto server, and yield it as an account whose functions are all the one at `lambda_url`."""
    empty(moto_url)
    with AccountServer(moto_url, lambda_url) as server, serving(server) as opened:
        yield opened


def empty(moto_url: str) -> None:
    """Remove everything that a moto server holds."""
    urllib.request.urlopen(f"{moto_url}/moto-api/reset", b"", timeout=PATIENCE_S).close()


@contextmanager
def serving(server: "AccountServer") -> Iterator[Account]:
    """Serve the account until the context ends."""
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}
    address = {"AWS_ENDPOINT_URL": server.account.url, "AWS_DEFAULT_REGION": "us-east-1"}
    server.account.environment |= os.environ | address | keys | NOBODY
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.account
    finally:
        server.shutdown()


class AccountServer(ThreadingHTTPServer):
    """The account's endpoint."""

    def __init__(self, moto_url: str, lambda_url: str) -> None:
        super().__init__(("127.0.0.1", 0), RecordingProxy)
        self.moto_url = moto_url
        self.lambda_url = lambda_url
        self.account = Account(f"http://127.0.0.1:{self.server_port}")


class RecordingProxy(BaseHTTPRequestHandler):
    """Records each request and forwards it."""

    protocol_version = "HTTP/1.1"
    server: AccountServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = AwsRequest(self.command, self.path, self.headers.get("X-Amz-Target", ""), body)
        account = self.server.account
        account.requests.append(request)
        for refusal in account.refusals:
            if refusal[0] == request.operation:
                account.refusals.remove(refusal)
                self.reply(400, *refusal_reply(request, *refusal[1:]))
                return
        if request.operation == "SendMessageBatch":
            self.reply(*self.send_batch(json.loads(body)))
        else:
            self.reply(*self.forward(body))

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST  # noqa: N815

    def send_batch(self, batch: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """Send the batch without the entries to be throttled; return an answer in which those have failed."""
        throttled = self.server.account.throttled
        throttled_entries = []
        for entry in batch["Entries"]:
            part = next((part for part in throttled if part in entry["MessageBody"]), None)
            if part is not None:
                throttled.remove(part)
                throttled_entries.append(entry)
        batch["Entries"] = [entry for entry in batch["Entries"] if entry not in throttled_entries]
        failures = [{"Id": entry["Id"], "SenderFault": True, "Code": "RequestThrottled"} for entry in throttled_entries]
        if not batch["Entries"]:
            return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps({"Failed": failures}).encode()
        status, headers, body = self.forward(json.dumps(batch).encode())
        answer = json.loads(body)
        return status, headers, json.dumps(answer | {"Failed": answer.get("Failed", []) + failures}).encode()

    def forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Return the answer of moto, or for an invocation of the function."""
        url = self.server.lambda_url if self.path.endswith("/invocations") else self.server.moto_url
        headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
        request = urllib.request.Request(url + self.path, body or None, headers, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
                return response.status, dict(response.headers), response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def refusal_reply(request: AwsRequest, kind: str, message: str) -> tuple[dict[str, str], bytes]:
    """Return headers and body of an error in the format of the service that was asked."""
    if b"Action=" in request.body:
        body = f"<ErrorResponse><Error><Code>{kind}</Code><Message>{message}</Message></Error></ErrorResponse>"
        return {"Content-Type": "text/xml"}, body.encode()
    return {"x-amzn-ErrorType": kind}, json.dumps({"__type": kind, "message": message}).encode()


SHELL_TOOLS = ("bash", "cat", "cut", "dirname", "env", "grep", "mktemp", "rm", "sh", "sleep", "tail", "tr")


def path_of(folder: Path, *commands: str | Path) -> str:
    """Return a PATH with nothing but `commands` and the tools that scripts/deploy.sh assumes."""
    folder.mkdir()
    for command in (*SHELL_TOOLS, *commands):
        program = shutil.which(command)
        assert program, command
        (folder / Path(program).name).symlink_to(program)
    return str(folder)
