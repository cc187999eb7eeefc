import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.aws_cli import invoke
from tests.support.free_port import free_port
from tests.support.requirement import EMULATOR, ROOT, require_aws, require_emulator, require_module
from tests.support.texts import SCRIPTS

PATIENCE_S = 60


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """AWS's runtime interface emulator around the real runtime client and handler, as in the image."""
    require_emulator()
    require_aws()
    require_module("awslambdaric")
    port = free_port()
    addresses = {"--runtime-interface-emulator-address": port, "--runtime-api-address": free_port()}
    command: list[str | Path] = [EMULATOR]
    for flag, number in addresses.items():
        command += [flag, f"127.0.0.1:{number}"]
    command += [sys.executable, "-m", "awslambdaric", "handler.lambda_handler"]
    log = tmp_path_factory.mktemp("emulator") / "log.txt"
    environment = os.environ | {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008", "AWS_LAMBDA_FUNCTION_TIMEOUT": "60"}
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()  # it ends the runtime's process, too
            process.wait(PATIENCE_S)


def wait_for(port: int) -> None:
    """Wait until something listens on `port`. The emulator does not report it in any other way."""
    end = time.monotonic() + PATIENCE_S
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.connect()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < end, "the emulator did not start"
            time.sleep(0.05)
        finally:
            connection.close()


def test_one_headline_is_answered(url: str, tmp_path: Path) -> None:
    invoked = invoke(url, f"fileb://{ROOT / 'examples' / 'events' / 'single.json'}", tmp_path)
    assert (invoked.code, invoked.facts["StatusCode"], invoked.stderr) == (0, 200, "")
    assert invoked.answer["label"] == "Business"


def test_a_list_is_answered_in_order(url: str, tmp_path: Path) -> None:
    invoked = invoke(url, f"fileb://{ROOT / 'examples' / 'events' / 'list.json'}", tmp_path)
    labels = [prediction["label"] for prediction in invoked.answer["predictions"]]
    assert labels == ["Sports", "Business", "World", "Sci/Tech"]


@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "utf8"])
def test_headlines_in_other_scripts_come_back_whole(url: str, tmp_path: Path, escaped: bool) -> None:
    event = tmp_path / "event.json"
    items = [{"id": text, "text": text} for text in SCRIPTS.values()]
    event.write_text(json.dumps(items, ensure_ascii=escaped), encoding="utf-8")
    answer = invoke(url, f"fileb://{event}", tmp_path).answer
    assert ([prediction["id"] for prediction in answer["predictions"]], answer["errors"]) == ([*SCRIPTS.values()], 0)


def test_a_payload_on_the_command_line_may_hold_other_scripts(url: str, tmp_path: Path) -> None:
    assert invoke(url, '{"text": "央行维持利率不变 ⚽"}', tmp_path).answer["truncated"] is False


@pytest.mark.parametrize(
    ("payload", "error_type"),
    [('{"text": ""}', "InputError"), ('{"text": "a", "top_k": 9}', "InputError"), ("{bad", "Runtime.UnmarshalError")],
)
def test_a_bad_event_is_answered_with_a_named_error(url: str, tmp_path: Path, payload: str, error_type: str) -> None:
    """The emulator sends no X-Amz-Function-Error, so the command's own output does not show it."""
    assert invoke(url, payload, tmp_path).answer["errorType"] == error_type
