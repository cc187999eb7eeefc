"""What scripts/deploy.sh says when it cannot go on: the fault and the remedy."""

import os
from pathlib import Path

import pytest

from tests.support.aws_account import NOBODY, path_of
from tests.support.deploy_script import RECORDING, deploy
from tests.support.free_port import free_port
from tests.support.requirement import AWS, require_aws

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
NAMES = "use 2 to 59 lower-case letters and digits, with single - or _ between them"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, aws_program: Path) -> str:
    return path_of(tmp_path_factory.mktemp("path") / "bin", aws_program, RECORDING)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--memroy", "512"], "unknown option --memroy; scripts/deploy.sh --help lists them"),
        (["--memory"], "--memory needs a value"),
        (["--engine", "torch"], "--engine is torch; choose onnx or pipeline"),
        (["--arch", "amd64"], "--arch is amd64; choose x86_64 or arm64"),
        (["--memory", "64"], "--memory is 64; choose 128 to 10240 (MB)"),
        (["--memory", "1 GB"], "--memory is 1 GB; choose 128 to 10240 (MB)"),
        (["--timeout", "901"], "--timeout is 901; choose 1 to 900 (seconds)"),
        (["--name", "AG News"], f"--name is AG News; {NAMES}"),
        (["--name", "agnews-"], f"--name is agnews-; {NAMES}"),
        (["--name", "ag__news"], f"--name is ag__news; {NAMES}"),
        (["--name", "a"], f"--name is a; {NAMES}"),
        (["--name", "a" * 60], f"--name is {'a' * 60}; {NAMES}"),
        (["--event", "absent.json"], "cannot read the event file absent.json"),
        (["--tag", "latest"], "--tag latest is not a tag of this script; its tags are ENGINE-ARCH-ID"),
        (["--region", "us-east"], "us-east is not the name of a region; expected one such as us-east-1"),
        ([], "no region is set; use --region, AWS_REGION or 'aws configure'"),
        (["--region", "us-east-1"], "there are no AWS credentials; run 'aws configure', or set AWS_PROFILE"),
    ],
)
def test_what_is_wrong_is_said_with_the_remedy(path: str, tmp_path: Path, options: list[str], message: str) -> None:
    deployed = deploy(path, tmp_path, *options)
    assert (deployed.code, deployed.stdout) == (1, "")
    assert deployed.stderr.splitlines()[0] == f"deploy: {message}"


@pytest.mark.parametrize(("tool", "message"), [(AWS, "Docker is missing"), (RECORDING, "the AWS CLI is missing")])
def test_a_tool_that_is_missing_is_named(tmp_path: Path, tool: Path, message: str) -> None:
    require_aws()
    deployed = deploy(path_of(tmp_path / "bin", tool), tmp_path)
    assert (deployed.code, deployed.stderr.count(message)) == (1, 1)


@pytest.mark.parametrize(
    ("failing", "message"),
    [
        (
            "version",
            "deploy: Docker does not answer; start it, and check that your user may use it\ndeploy: the reason",
        ),
        ("buildx", "deploy: Docker has no buildx, which is needed to build for a platform"),
    ],
)
def test_a_docker_that_cannot_build_is_found_before_aws_is_asked(
    path: str, tmp_path: Path, failing: str, message: str
) -> None:
    deployed = deploy(path, tmp_path, DOCKER_FAILS=failing)
    assert deployed.code == 1
    assert deployed.stderr.startswith(message)


def test_a_region_that_nobody_answers_for_is_named(path: str, tmp_path: Path) -> None:
    nowhere = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{free_port()}"}
    deployed = deploy(path, tmp_path, "--region", "us-esat-1", environment=os.environ | NOBODY | KEYS | nowhere)
    assert deployed.code == 1
    assert "deploy: AWS does not answer in us-esat-1; check the region's name" in deployed.stderr


def test_help_names_every_option(path: str, tmp_path: Path) -> None:
    deployed = deploy(path, tmp_path, "--help")
    named = [line.split()[0] for line in deployed.stdout.splitlines() if line.startswith("  --")]
    choices = ["--name", "--region", "--engine", "--model", "--arch", "--memory", "--timeout", "--event", "--tag"]
    assert (deployed.code, named) == (0, [*choices, "--dry-run"])
