"""An AWS account for the real AWS CLI: moto, and `agnews serve` for invocations, as moto runs no images."""

import json
import os
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from tests.support.free_port import free_port
from tests.support.requirement import AWS, DEPLOY_TOOLS

NUMBER = "123456789012"
PATIENCE_S = 60
NOBODY = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_MAX_ATTEMPTS": "1",
    "PYTHONUTF8": "1",
}
"""The AWS CLI's environment of somebody without credentials."""


DROPPED = ("host", "connection", "content-length")
"""Headers that are not handed on."""


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    target: str
    """X-Amz-Target: the operation of a JSON service."""
    body: bytes

    @property
    def operation(self) -> str:
        """As AWS names it, or method and path where the service tells operations apart by these."""
        named = self.target.rpartition(".")[2] or parse_qs(self.body.decode(errors="replace")).get("Action", [""])[0]
        return named or f"{self.method} {self.path.partition('?')[0]}"

    @property
    def changes(self) -> bool:
        return not self.operation.startswith(("Get", "Describe", "List", "GET"))


@dataclass
class Account:
    url: str
    environment: dict[str, str] = field(default_factory=dict)
    """In which the AWS CLI uses it."""
    requests: list[Request] = field(default_factory=list)
    """What was sent to it, oldest first."""
    refusals: list[tuple[str, str, str]] = field(default_factory=list)
    """Operation, error type and message of requests to refuse; each once."""
    throttled: list[str] = field(default_factory=list)
    """Parts of SQS messages that a batch is to fail for, as for too many at once; each once."""

    def aws(self, *arguments: str) -> Any:
        """What an AWS CLI command, which must succeed, prints: parsed."""
        command = [str(AWS), *arguments, "--output", "json"]
        done = subprocess.run(command, env=self.environment, capture_output=True, encoding="utf-8", timeout=PATIENCE_S)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")


@contextmanager
def moto(folder: Path) -> Iterator[str]:
    """The address of a moto server that also looks whether an image is in its ECR."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [str(DEPLOY_TOOLS / "moto_server"), "-H", "127.0.0.1", "-p", str(port)]
    environment = os.environ | {"MOTO_LAMBDA_STUB_ECR": "false"}
    with (
        (folder / "moto.txt").open("wb") as log,
        subprocess.Popen(command, env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            end = time.monotonic() + PATIENCE_S
            while not answers(f"{url}/moto-api/"):
                assert process.poll() is None and time.monotonic() < end, (folder / "moto.txt").read_text()
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()


def answers(url: str) -> bool:
    """Whether a server is up yet."""
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.URLError:
        return False
    return True


@contextmanager
def account(folder: Path, lambda_url: str) -> Iterator[Account]:
    """An empty account whose functions all answer as the one at `lambda_url`."""
    with moto(folder) as moto_url, Server(moto_url, lambda_url) as server:
        keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_REGION": "us-east-1"}
        address = {"AWS_ENDPOINT_URL": server.account.url, "AWS_DEFAULT_REGION": "us-east-1"}
        server.account.environment |= os.environ | address | keys | NOBODY
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.account
        finally:
            server.shutdown()


class Server(ThreadingHTTPServer):
    def __init__(self, moto_url: str, lambda_url: str) -> None:
        super().__init__(("127.0.0.1", 0), Front)
        self.moto_url = moto_url
        self.lambda_url = lambda_url
        self.account = Account(f"http://127.0.0.1:{self.server_port}")


class Front(BaseHTTPRequestHandler):
    """Records each request and hands it on."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        request = Request(self.command, self.path, self.headers.get("X-Amz-Target", ""), body)
        account = self.server.account
        account.requests.append(request)
        for refusal in account.refusals:
            if refusal[0] == request.operation:
                account.refusals.remove(refusal)
                self.answer(400, *refused(request, *refusal[1:]))
                return
        if request.operation == "SendMessageBatch":
            self.answer(*self.sent(json.loads(body)))
        else:
            self.answer(*self.handed_on(body))

    do_GET = do_HEAD = do_PUT = do_DELETE = do_POST  # noqa: N815

    def sent(self, batch: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        """The batch's answer, some entries of it having failed as SQS has single entries fail."""
        throttled = self.server.account.throttled
        failed = []
        for entry in batch["Entries"]:
            part = next((part for part in throttled if part in entry["MessageBody"]), None)
            if part is not None:
                throttled.remove(part)
                failed.append(entry)
        batch["Entries"] = [entry for entry in batch["Entries"] if entry not in failed]
        told = [{"Id": entry["Id"], "SenderFault": True, "Code": "RequestThrottled"} for entry in failed]
        if not batch["Entries"]:
            return 200, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps({"Failed": told}).encode()
        status, headers, answered = self.handed_on(json.dumps(batch).encode())
        found = json.loads(answered)
        return status, headers, json.dumps(found | {"Failed": found.get("Failed", []) + told}).encode()

    def handed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        url = self.server.lambda_url if self.path.endswith("/invocations") else self.server.moto_url
        headers = {name: value for name, value in self.headers.items() if name.lower() not in DROPPED}
        request = urllib.request.Request(url + self.path, body or None, headers, method=self.command)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
                return response.status, dict(response.headers), response.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, dict(error.headers), error.read()

    def answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def refused(request: Request, kind: str, message: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of an error, as the service asked for it writes them."""
    if b"Action=" in request.body:
        body = f"<ErrorResponse><Error><Code>{kind}</Code><Message>{message}</Message></Error></ErrorResponse>"
        return {"Content-Type": "text/xml"}, body.encode()
    return {"x-amzn-ErrorType": kind}, json.dumps({"__type": kind, "message": message}).encode()


def path_of(folder: Path, *commands: str | Path) -> str:
    """A PATH on which nothing is found but `commands` and what scripts/deploy.sh takes for granted."""
    folder.mkdir()
    for command in (
        "bash",
        "cat",
        "cut",
        "dirname",
        "env",
        "grep",
        "mktemp",
        "rm",
        "sh",
        "sleep",
        "tail",
        "tr",
        *commands,
    ):
        found = shutil.which(command)
        assert found, command
        (folder / Path(found).name).symlink_to(found)
    return str(folder)
