"""scripts/deploy.sh in an account that is not as it expects: other owners, refused credentials, half-made parts."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.aws_account import NUMBER, Account, path_of
from tests.support.deploy_script import RECORDING, deploy

MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {"digest": f"sha256:{'0' * 64}", "size": 2},
    "layers": [],
}
EXPIRED = "the AWS credentials have expired; log in again ('aws sso login', or new keys)"
UNKNOWN = "AWS refuses these credentials in us-east-1; check that they are complete and that the region is enabled"


@pytest.fixture(scope="module")
def aws(aws: Account) -> Account:
    """An account with a role that somebody else created."""
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    aws.client("iam").create_role(RoleName="owner", AssumeRolePolicyDocument=trust)
    return aws


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, aws_program: Path) -> str:
    return path_of(tmp_path_factory.mktemp("path") / "bin", aws_program, RECORDING)


def create(aws: Account, name: str, **options: Any) -> None:
    """Create a function in another way than the script does."""
    aws.client("lambda").create_function(FunctionName=name, Role=f"arn:aws:iam::{NUMBER}:role/owner", **options)


def pushed(aws: Account, name: str, tag: str) -> str:
    """Push an image as somebody else would, and return its address."""
    images = aws.client("ecr")
    images.create_repository(repositoryName=name)
    images.put_image(repositoryName=name, imageTag=tag, imageManifest=json.dumps(MANIFEST))
    return f"{NUMBER}.dkr.ecr.us-east-1.amazonaws.com/{name}:{tag}"


def refusal(aws: Account, path: str, folder: Path, name: str) -> str:
    """Return the script's error message. It must not have changed or built anything."""
    before = len(aws.requests)
    deployed = deploy(path, folder, "--name", name, environment=aws.environment)
    assert [request.operation for request in aws.requests[before:] if request.changes] == []
    assert (deployed.code, deployed.stdout, deployed.docker) == (1, "", ["version", "buildx version"])
    return deployed.stderr.splitlines()[0]


def test_a_zip_package_is_not_taken_over(aws: Account, path: str, tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("handler.py", "")
    code = {"ZipFile": archive.getvalue()}
    create(aws, "zipped", Code=code, Runtime="python3.13", Handler="handler.handle")
    message = refusal(aws, path, tmp_path, "zipped")
    assert message.startswith(
        "deploy: the function zipped was not deployed by this script (package: Zip, image: None);"
    )


def test_an_aws_cli_that_cannot_set_the_log_format_is_refused_before_anything_is_built(
    aws: Account, aws_program: Path, tmp_path: Path
) -> None:
    (tmp_path / "old").mkdir()
    old = tmp_path / "old" / "aws"
    old.write_text(
        f"""#!/bin/sh\ncase "$*" in *--generate-cli-skeleton) echo '{{}}' ;; *) exec {aws_program} "$@" ;; esac\n"""
    )
    old.chmod(0o755)
    message = refusal(aws, path_of(tmp_path / "bin", old, RECORDING), tmp_path, "new")
    assert message.startswith("deploy: this AWS CLI is too old: it does not know --logging-config")


def test_a_stacks_function_is_not_taken_over(aws: Account, path: str, tmp_path: Path) -> None:
    image = pushed(aws, "stacked", "onnx-x86_64-0123456789ab")
    tags = {"aws:cloudformation:stack-name": "news"}
    create(aws, "stacked", PackageType="Image", Code={"ImageUri": image}, Tags=tags)
    message = refusal(aws, path, tmp_path, "stacked")
    assert message == (
        "deploy: the function stacked belongs to the CloudFormation stack news; "
        "update it with sam deploy, or choose another --name"
    )


def test_a_function_with_another_image_is_not_taken_over(aws: Account, path: str, tmp_path: Path) -> None:
    image = pushed(aws, "foreign", "latest")
    create(aws, "foreign", PackageType="Image", Code={"ImageUri": image})
    message = refusal(aws, path, tmp_path, "foreign")
    assert f"the function foreign was not deployed by this script (package: Image, image: {image})" in message


def test_a_log_group_without_an_end_is_given_one(aws: Account, path: str, tmp_path: Path) -> None:
    logs = aws.client("logs")
    logs.create_log_group(logGroupName="/aws/lambda/endless")
    deployed = deploy(path, tmp_path, "--name", "endless", environment=aws.environment)
    assert deployed.code == 0, deployed.stderr
    (group,) = logs.describe_log_groups(logGroupNamePrefix="/aws/lambda/endless")["logGroups"]
    assert group["retentionInDays"] == 30


@pytest.mark.parametrize(
    ("kind", "message", "remedy"),
    [
        ("ExpiredToken", "The security token included in the request is expired", EXPIRED),
        ("Refused", "The SSO session associated with this profile has expired or is otherwise invalid.", EXPIRED),
        ("Refused", "Error loading SSO Token: Token for news does not exist", EXPIRED),
        ("Refused", "Token has expired and refresh failed", EXPIRED),
        ("Refused", "Your session has expired or credentials have changed.", EXPIRED),
        ("InvalidClientTokenId", "The security token included in the request is invalid.", UNKNOWN),
    ],
)
def test_credentials_that_aws_refuses_are_reported_with_its_reason(
    aws: Account, path: str, tmp_path: Path, kind: str, message: str, remedy: str
) -> None:
    aws.refusals.append(("GetCallerIdentity", kind, message))
    deployed = deploy(path, tmp_path, environment=aws.environment)
    assert deployed.code == 1
    assert deployed.stderr.startswith(f"deploy: {remedy}")
    assert message in deployed.stderr
