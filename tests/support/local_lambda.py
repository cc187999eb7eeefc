"""`agnews serve` in a process of its own, and HTTP requests to it."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.requirement import ROOT
from tests.support.texts import GOAL

PATH = "/2015-03-31/functions/function/invocations"
EVENT = json.dumps({"text": GOAL}).encode()
PATIENCE_S = 120


@contextmanager
def served(folder: Path, source: Path = ROOT, **variables: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `agnews serve` of the package in `source` and yield the process and its URL.

    `folder` is its current folder, where stderr.txt is its log; `variables` are environment variables.
    """
    command = [sys.executable, "-m", "agnews", "serve", "--port", "0"]
    with (
        (folder / "stderr.txt").open("wb") as log,
        subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(source)} | variables,
            stdout=subprocess.PIPE,
            stderr=log,
            encoding="utf-8",
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().split()[1]
        finally:
            process.kill()


def request(
    url: str,
    body: bytes | None = EVENT,
    headers: Mapping[str, str] | None = None,
    method: str = "POST",
    path: str = PATH,
) -> tuple[int, Mapping[str, str], Any]:
    """Return the status, the headers (names in lower case) and the parsed body, None if it is empty."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE_S)
    try:
        connection.request(method, path, body, dict(headers or {}))
        response = connection.getresponse()
        content = response.read()
        lowered = {name.lower(): value for name, value in response.getheaders()}
        return response.status, lowered, json.loads(content) if content else None
    finally:
        connection.close()


def send_bytes(url: str, content: bytes) -> bytes:
    """Send exactly these bytes, and return all that the server sends back."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as connection:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))
