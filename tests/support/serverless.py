"""Runs SAM's tools on template.yaml."""

import json
import os
import subprocess
from typing import Any

from tests.support.aws_account import NOBODY
from tests.support.requirement import DEPLOY_TOOLS, ROOT, require_deploy_tools

TRANSFORM = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
template = yaml_parse(open("template.yaml", encoding="utf-8").read())
image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/agnews:" + sys.argv[1]
template["Resources"]["Classifier"]["Properties"]["ImageUri"] = image
json.dump(transform(template, {}, None), sys.stdout)
"""
"""What CloudFormation's serverless transform makes of the template after sam deploy has filled in the image."""


def run(tool: str, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of the deploy environment in the checkout, with `more` in its environment."""
    require_deploy_tools()
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "us-east-1"} | NOBODY | more
    command = [str(DEPLOY_TOOLS / tool), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8", timeout=300)


def transform(tag: str) -> dict[str, Any]:
    """Return the template with this image after the serverless transform."""
    done = run("python", "-c", TRANSFORM, tag)
    assert done.returncode == 0, done.stderr
    template: dict[str, Any] = json.loads(done.stdout)
    return template
