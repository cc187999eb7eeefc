"""A simulated AWS account whose state machines moto's own interpreter runs.

It evaluates JSONata with a Java library that moto does not bring, so it gets the Python one. Its tasks invoke the
function through the account's address.
"""

import json
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3

from tests.support.aws_account import NUMBER, PATIENCE_S, Account, AccountServer, moto, serving
from tests.support.requirement import DEPLOY_TOOLS

SERVER = """
from jsonata.jsonata import Jsonata
from moto.server import main
from moto.stepfunctions.parser.asl.jsonata import jsonata

jsonata._eval_jsonata = lambda expression: Jsonata(expression).evaluate(None)
main()
"""


@contextmanager
def interpreting_account(folder: Path, lambda_url: str) -> Iterator[Account]:
    """Start an empty account that runs state machines; their function is the one at `lambda_url`."""
    with AccountServer("", lambda_url) as server:
        program = (str(DEPLOY_TOOLS / "python3"), "-c", SERVER)
        with moto(folder, program, MOTO_PORT=str(server.server_port)) as moto_url, serving(server) as account:
            server.moto_url = moto_url
            configuration = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
            urllib.request.urlopen(f"{moto_url}/moto-api/config", configuration, timeout=PATIENCE_S).close()
            yield account


def executed(account: Account, definition: dict[str, Any], content: Any) -> dict[str, Any]:
    """Create a state machine, run it and return DescribeExecution's answer."""
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    client = boto3.client("stepfunctions", endpoint_url=account.url, **keys)
    role = f"arn:aws:iam::{NUMBER}:role/bulk"
    machine = client.create_state_machine(name=str(uuid.uuid4()), definition=json.dumps(definition), roleArn=role)
    started = client.start_execution(stateMachineArn=machine["stateMachineArn"], input=json.dumps(content))
    end = time.monotonic() + PATIENCE_S
    while True:
        described: dict[str, Any] = client.describe_execution(executionArn=started["executionArn"])
        if described["status"] != "RUNNING":
            return described
        assert time.monotonic() < end
        time.sleep(0.05)
