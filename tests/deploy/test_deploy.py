"""scripts/deploy.sh against one account: from nothing to an answer, again, to another image, and back."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.aws_account import NUMBER, Account, path_of
from tests.support.deploy_script import AMD64, RECORDING, Deployed, deploy, docker_calls

URI = f"{NUMBER}.dkr.ecr.us-east-1.amazonaws.com/agnews"
ROLE = f"arn:aws:iam::{NUMBER}:role/agnews-role"
LOG = "aws logs filter-log-events --log-group-name /aws/lambda/agnews --region us-east-1"
CREATE = "POST /2015-03-31/functions"
UPDATE = "PUT /2015-03-31/functions/agnews/code"
INVOKE = "POST /2015-03-31/functions/agnews/invocations"
CONFIGURE = "PUT /2015-03-31/functions/agnews/configuration"


@dataclass(frozen=True)
class Run:
    """What the script did, and the function afterwards."""

    deployed: Deployed
    changes: list[str]
    """Operations that the account was asked for, but for those that only look."""
    image: str
    facts: list[Any]
    """Memory, timeout and role. (moto keeps the architecture that a function was created with.)"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, aws_program: Path) -> str:
    return path_of(tmp_path_factory.mktemp("path") / "bin", aws_program, RECORDING)


def ran(aws: Account, path: str, folder: Path, *options: str, image: str = AMD64) -> Run:
    before = len(aws.requests)
    deployed = deploy(path, folder, *options, environment=aws.environment, DOCKER_IMAGE=image)
    changes = [request.operation for request in aws.requests[before:] if request.changes]
    assert deployed.code == 0, deployed.stderr
    function = aws.client("lambda").get_function(FunctionName="agnews")
    facts = [function["Configuration"][name] for name in ("MemorySize", "Timeout", "Role")]
    return Run(deployed, changes, function["Code"]["ImageUri"], facts)


@pytest.fixture(scope="module")
def first(aws: Account, path: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    message = "The role defined for the function cannot be assumed by Lambda."
    aws.refusals.append((CREATE, "InvalidParameterValueException", message))
    return ran(aws, path, tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def again(first: Run, aws: Account, path: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return ran(aws, path, tmp_path_factory.mktemp("again"))


@pytest.fixture(scope="module")
def other(again: Run, aws: Account, path: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    image = f"arm64 sha256:{'fedcba9876543210' * 4}"
    options = ["--engine", "pipeline", "--arch", "arm64"]
    return ran(aws, path, tmp_path_factory.mktemp("other"), *options, image=image)


@pytest.fixture(scope="module")
def back(other: Run, aws: Account, aws_program: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("back")
    without_docker = path_of(folder / "bin", aws_program)
    return ran(aws, without_docker, folder, "--tag", "onnx-x86_64-0123456789ab", "--memory", "512", "--timeout", "30")


@pytest.fixture(scope="module")
def kept(back: Run, aws: Account, path: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    return ran(aws, path, tmp_path_factory.mktemp("kept"), "--memory", "768")


def test_the_first_run_ends_in_an_answer_on_stdout(first: Run) -> None:
    assert json.loads(first.deployed.stdout)["label"] == "Business"


def test_docker_builds_for_the_platform_without_attestations_logs_in_and_pushes(first: Run) -> None:
    assert first.deployed.docker == docker_calls("onnx-x86_64-0123456789ab")


def test_the_first_run_creates_what_is_missing(first: Run) -> None:
    made = ["CreateRepository", "PutImage", "CreateRole", "PutRolePolicy", "CreateLogGroup", "PutRetentionPolicy"]
    assert first.changes == [*made, CREATE, CREATE, INVOKE]


def test_a_role_that_is_not_known_yet_is_waited_for(first: Run) -> None:
    assert first.deployed.stderr.count("the role is not known to Lambda yet (1 of 10)") == 1


def test_the_function_has_the_image_and_limits_of_its_engine(first: Run) -> None:
    assert (first.image, first.facts) == (f"{URI}:onnx-x86_64-0123456789ab", [1769, 60, ROLE])


def test_the_function_is_made_for_the_images_cpu_and_logs_json(first: Run, aws: Account) -> None:
    body = json.loads(next(request.body for request in aws.requests if request.operation == CREATE))
    assert (body["Architectures"], body["LoggingConfig"]) == (["x86_64"], {"LogFormat": "JSON"})


def test_lambda_may_assume_the_role(first: Run, aws: Account) -> None:
    role = aws.client("iam").get_role(RoleName="agnews-role")["Role"]
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    service = {"Service": "lambda.amazonaws.com"}
    assert statement == {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}


def test_the_role_may_write_the_functions_log_and_nothing_else(first: Run, aws: Account) -> None:
    roles = aws.client("iam")
    assert roles.list_attached_role_policies(RoleName="agnews-role")["AttachedPolicies"] == []
    (name,) = roles.list_role_policies(RoleName="agnews-role")["PolicyNames"]
    policy = roles.get_role_policy(RoleName="agnews-role", PolicyName=name)["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert statement["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert statement["Resource"] == f"arn:aws:logs:*:{NUMBER}:log-group:/aws/lambda/agnews:*"


def test_log_lines_are_kept_for_30_days(first: Run, aws: Account) -> None:
    (group,) = aws.client("logs").describe_log_groups()["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == ("/aws/lambda/agnews", 30)


def test_a_second_run_creates_nothing_and_leaves_the_image(first: Run, again: Run) -> None:
    assert again.changes == ["PutRolePolicy", INVOKE]
    assert (again.image, again.facts) == (first.image, first.facts)


def test_an_image_that_the_repository_has_is_not_pushed_again(again: Run) -> None:
    assert not [call for call in again.deployed.docker if call.startswith(("push", "login"))]


def test_another_engine_and_architecture_update_the_function(other: Run) -> None:
    tag = "pipeline-arm64-fedcba987654"
    assert other.deployed.docker == docker_calls(tag, engine="pipeline", arch="arm64", platform="linux/arm64")
    assert other.changes == ["PutImage", "PutRolePolicy", UPDATE, CONFIGURE, INVOKE]
    assert (other.image, other.facts) == (f"{URI}:{tag}", [3008, 120, ROLE])


def test_an_update_moves_the_function_to_the_images_cpu(other: Run, aws: Account) -> None:
    body = json.loads(next(request.body for request in aws.requests if request.operation == UPDATE))
    assert body["Architectures"] == ["arm64"]


def test_a_tag_brings_back_an_image_without_docker(back: Run) -> None:
    assert back.deployed.docker == []
    assert (back.image, back.facts) == (f"{URI}:onnx-x86_64-0123456789ab", [512, 30, ROLE])


def test_what_no_option_mentions_stays_as_the_function_has_it(kept: Run) -> None:
    assert (kept.image, kept.facts) == (f"{URI}:onnx-x86_64-0123456789ab", [768, 30, ROLE])
    assert kept.changes == ["PutRolePolicy", CONFIGURE, INVOKE]


def test_an_update_sends_the_limits_alone(kept: Run, aws: Account) -> None:
    (*_, request) = [request for request in aws.requests if request.operation == CONFIGURE]
    assert json.loads(request.body) == {"MemorySize": 768, "Timeout": 30}


def test_an_unknown_tag_is_answered_with_those_there_are(other: Run, aws: Account, path: str, tmp_path: Path) -> None:
    deployed = deploy(path, tmp_path, "--tag", "onnx-arm64-0", environment=aws.environment)
    assert (deployed.code, deployed.stdout) == (1, "")
    assert f"{URI} has no image onnx-arm64-0; it has:" in deployed.stderr
    assert "onnx-x86_64-0123456789ab" in deployed.stderr
    assert "pipeline-arm64-fedcba987654" in deployed.stderr


def test_a_function_error_fails_the_run_and_shows_the_answer(
    first: Run, aws: Account, path: str, tmp_path: Path
) -> None:
    (tmp_path / "empty.json").write_text('{"text": ""}', encoding="utf-8")
    deployed = deploy(path, tmp_path, "--event", "empty.json", environment=aws.environment)
    assert (deployed.code, json.loads(deployed.stdout)["errorType"]) == (1, "InputError")
    assert f"the function failed; read its log: {LOG}" in deployed.stderr


def test_an_image_that_lambda_refuses_is_said_in_its_words(aws: Account, path: str, tmp_path: Path) -> None:
    message = "The image manifest, config or layer media type for the source image is not supported."
    aws.refusals.append((CREATE, "InvalidParameterValueException", message))
    deployed = deploy(path, tmp_path, "--name", "refused", environment=aws.environment)
    assert deployed.code == 1
    assert message in deployed.stderr


def test_an_image_for_another_cpu_is_never_pushed(aws: Account, path: str, tmp_path: Path) -> None:
    deployed = deploy(path, tmp_path, "--arch", "arm64", environment=aws.environment)
    assert deployed.code == 1
    assert "the image is for amd64, but the function is for arm64" in deployed.stderr
    assert not [call for call in deployed.docker if call.startswith(("push", "login"))]


def test_a_dry_run_prints_the_commands_and_changes_nothing(aws: Account, path: str, tmp_path: Path) -> None:
    before = len(aws.requests)
    deployed = deploy(path, tmp_path, "--dry-run", "--name", "planned", environment=aws.environment)
    assert deployed.code == 0, deployed.stderr
    assert [request.operation for request in aws.requests[before:] if request.changes] == []
    assert deployed.docker == ["version", "buildx version"]
    commands = [shlex.split(line)[1:4] for line in deployed.stdout.splitlines()]
    assert commands == [
        ["aws", "ecr", "create-repository"],
        ["docker", "buildx", "build"],
        ["docker", "login", "--username"],
        ["docker", "tag", "planned:onnx-x86_64"],
        ["docker", "push", f"{NUMBER}.dkr.ecr.us-east-1.amazonaws.com/planned:onnx-x86_64-000000000000"],
        ["aws", "iam", "create-role"],
        ["aws", "iam", "put-role-policy"],
        ["aws", "logs", "create-log-group"],
        ["aws", "logs", "put-retention-policy"],
        ["aws", "lambda", "create-function"],
        ["aws", "lambda", "wait"],
        ["aws", "lambda", "invoke"],
    ]
