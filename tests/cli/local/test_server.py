import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.aws_cli import invoke
from tests.support.local_lambda import EVENT, PATH, PATIENCE_S, request, served
from tests.support.requirement import ROOT, require_aws
from tests.support.texts import GOAL, SCRIPTS


def test_the_aws_cli_is_answered(served_url: str, tmp_path: Path) -> None:
    require_aws()
    event = tmp_path / "event.json"
    texts = [GOAL, *SCRIPTS.values()]
    event.write_text(json.dumps([{"id": text, "text": text} for text in texts], ensure_ascii=False), encoding="utf-8")
    invoked = invoke(served_url, f"fileb://{event}", tmp_path)
    assert (invoked.code, invoked.facts) == (0, {"StatusCode": 200, "ExecutedVersion": "$LATEST"})
    assert [prediction["id"] for prediction in invoked.answer["predictions"]] == texts


def test_the_aws_cli_shows_a_function_error(served_url: str, tmp_path: Path) -> None:
    require_aws()
    invoked = invoke(served_url, '{"text": ""}', tmp_path)
    assert (invoked.code, invoked.facts["FunctionError"], invoked.answer["errorType"]) == (0, "Unhandled", "InputError")


def test_the_aws_cli_names_a_payload_that_is_not_json(served_url: str, tmp_path: Path) -> None:
    require_aws()
    invoked = invoke(served_url, "{bad", tmp_path)
    assert invoked.code != 0
    assert "(InvalidRequestContentException)" in invoked.stderr


def test_the_aws_cli_may_send_an_event_without_waiting(served_url: str, tmp_path: Path) -> None:
    require_aws()
    assert invoke(served_url, EVENT.decode(), tmp_path, "--invocation-type", "Event").facts["StatusCode"] == 202


def logged(path: Path, count: int) -> list[str]:
    """The log's lines, once there are `count`: a line follows its answer."""
    end = time.monotonic() + PATIENCE_S
    while (text := path.read_text(encoding="utf-8")).count("\n") < count:
        assert time.monotonic() < end, text
        time.sleep(0.01)
    return text.splitlines()


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_ends_it_with_success_and_one_log_line_per_request(tmp_path: Path) -> None:
    with served(tmp_path) as (process, url):
        request(url)
        logged(tmp_path / "stderr.txt", 1)
        request(url, b'{"text": ""}', path=f"{PATH}?{'x' * 5000}")
        first, second = logged(tmp_path / "stderr.txt", 2)
        process.send_signal(signal.SIGINT)
        assert process.stdout is not None
        rest = process.stdout.read()
        assert process.wait(PATIENCE_S) == 0
    assert (rest.count("curl"), rest.count("aws lambda invoke"), rest.count("POST")) == (2, 1, 0)
    assert f"POST {PATH} 200 " in first
    assert second.endswith(" InputError")
    assert len(second) < 400
    assert len(logged(tmp_path / "stderr.txt", 2)) == 2, "no traceback"


@pytest.mark.usefixtures("interruptible")
def test_a_request_that_has_begun_is_answered_before_it_ends(tmp_path: Path) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {len(EVENT)}\r\n\r\n"
    with served(tmp_path) as (process, url):
        host, _, port = url.removeprefix("http://").partition(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as connection:
            connection.sendall(head.encode())
            assert connection.recv(65_536).startswith(b"HTTP/1.1 100 "), "the request has begun"
            process.send_signal(signal.SIGINT)
            wait_until_closed(host, int(port))
            connection.sendall(EVENT)
            assert b'"label": "Sports"' in read_to_end(connection)
        assert process.wait(PATIENCE_S) == 0


def wait_until_closed(host: str, port: int) -> None:
    """Return when nothing listens at the address any more."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        with suppress(ConnectionError), socket.create_connection((host, port), timeout=PATIENCE_S):
            time.sleep(0.05)
            continue
        return
    pytest.fail("the server still listens")


def read_to_end(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_port_in_use_is_named_with_the_remedy(served_url: str, tmp_path: Path) -> None:
    port = served_url.rpartition(":")[2]
    done = subprocess.run(
        [sys.executable, "-m", "agnews", "serve", "--port", port],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
    )
    assert done.returncode != 0
    assert f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr
