"""What a test file needs besides the package: its absence fails, unless the run asks for no more than is there."""

import importlib.util
import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
AWS = Path(sys.executable).with_name("aws")
EMULATOR = ROOT / "build" / "aws-lambda-rie"
DEPLOY_TOOLS = ROOT / ".venv-deploy" / "bin"


def require(found: bool, what: str, remedy: str) -> None:
    """Returns if `found`. Otherwise the test fails, or with AGNEWS_LEAN=1 is skipped, naming the remedy."""
    if found:
        return
    message = f"{what} is missing; {remedy}"
    if os.environ.get("AGNEWS_LEAN") == "1":
        pytest.skip(message)
    pytest.fail(message)


def require_aws() -> None:
    require(AWS.exists(), f"the AWS CLI ({AWS})", "pip install 'agnews[dev]', or set AGNEWS_LEAN=1 to skip")


def require_runtime_client() -> None:
    found = importlib.util.find_spec("awslambdaric") is not None
    require(found, "awslambdaric", "pip install 'agnews[dev]', or set AGNEWS_LEAN=1 to skip")


def require_emulator() -> None:
    remedy = f"run PYTHON={sys.executable} scripts/fetch_emulator.sh, or set AGNEWS_LEAN=1 to skip"
    require(os.access(EMULATOR, os.X_OK), f"the runtime interface emulator ({EMULATOR})", remedy)


def require_deploy_tools() -> None:
    remedy = "run make .venv-deploy/ready, or set AGNEWS_LEAN=1 to skip"
    require((DEPLOY_TOOLS / "sam").exists(), f"the environment with sam, cfn-lint and moto ({DEPLOY_TOOLS})", remedy)


def clean_environment(**more: str) -> dict[str, str]:
    """This process's environment without settings of ours or of AWS's tools, and with `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AGNEWS_", "AWS_"))}
    return kept | more
