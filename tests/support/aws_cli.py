"""The real AWS CLI with a local endpoint, without credentials or configuration."""

import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.requirement import AWS, AWS_V2


@dataclass(frozen=True)
class Invoked:
    """The result of `aws lambda invoke`."""

    code: int
    facts: Any
    """What the command printed: StatusCode, FunctionError and so on."""
    answer: Any
    """The payload that it wrote to the file."""
    stderr: str


def invoke(url: str, payload: str, folder: Path, *options: str, inside: Sequence[str] = ()) -> Invoked:
    """Run `aws lambda invoke` with `payload` (JSON, or fileb://PATH), if given `inside` a command that runs others."""
    answer_file = folder / "answer.json"
    connection = ["--endpoint-url", url, "--no-sign-request", "--region", "us-east-1", "--output", "json"]
    function = ["--function-name", "function", "--payload", payload, *options, str(answer_file)]
    if AWS_V2:  # else it would take a payload on the command line for base64
        connection += ["--cli-binary-format", "raw-in-base64-out"]
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_MAX_ATTEMPTS": "1"}
    done = subprocess.run(
        [*inside, AWS, "lambda", "invoke", *connection, *function],
        env=os.environ | nowhere | {"PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    text = answer_file.read_text(encoding="utf-8") if answer_file.exists() else ""
    return Invoked(done.returncode, json.loads(done.stdout or "null"), json.loads(text) if text else None, done.stderr)
