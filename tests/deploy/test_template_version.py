"""The version that template.yaml's alias points to: a new one where the function changes, and only there."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.aws_account import account
from tests.support.serverless import transform


@pytest.fixture(scope="module")
def transformed() -> dict[str, Any]:
    return transform("1")


def version(template: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the name and properties of the version that the alias points to."""
    ((name, item),) = [entry for entry in template["Resources"].items() if entry[1]["Type"] == "AWS::Lambda::Version"]
    return name, item["Properties"]


@pytest.fixture(scope="module")
def described(transformed: dict[str, Any], moto_url: str) -> Iterator[Callable[[dict[str, str]], str]]:
    """A function that returns the version's description for some parameters, as CloudFormation would."""
    parts = {key: transformed[key] for key in ("Parameters", "Mappings", "Conditions")}
    outputs = {"Description": {"Value": version(transformed)[1]["Description"]}}
    body = json.dumps(parts | {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}, "Outputs": outputs})

    def describe(parameters: dict[str, str]) -> str:
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        stacks.create_stack(StackName="described", TemplateBody=body, Parameters=given)
        (stack,) = stacks.describe_stacks(StackName="described")["Stacks"]
        stacks.delete_stack(StackName="described")
        return str(stack["Outputs"][0]["OutputValue"])

    with account(moto_url, "http://unused") as opened:
        stacks = opened.client("cloudformation")
        yield describe


@pytest.mark.parametrize(
    ("parameters", "description"),
    [
        ({}, "onnx x86_64, 1769 MB, 60 s"),
        ({"Engine": "pipeline"}, "pipeline x86_64, 3008 MB, 120 s"),
        ({"Architecture": "arm64"}, "onnx arm64, 1769 MB, 60 s"),
        ({"MemoryMB": "512"}, "onnx x86_64, 512 MB, 60 s"),
        ({"TimeoutSeconds": "30"}, "onnx x86_64, 1769 MB, 30 s"),
        ({"Queues": "yes"}, "onnx x86_64, 1769 MB, 60 s, queues"),
        ({"BasePath": "/news"}, "onnx x86_64, 1769 MB, 60 s, below /news"),
        ({"MetricsNamespace": "News/Topics"}, "onnx x86_64, 1769 MB, 60 s, metrics News/Topics"),
        ({"LogTexts": "yes", "TracingActive": "yes"}, "onnx x86_64, 1769 MB, 60 s, texts logged, traced"),
    ],
)
def test_a_parameter_that_changes_the_function_replaces_the_version_that_the_alias_points_to(
    described: Callable[[dict[str, str]], str], parameters: dict[str, str], description: str
) -> None:
    assert described(parameters) == description


@pytest.mark.parametrize(
    "parameters",
    [
        {"MemoryMB": "1769"},
        {"TimeoutSeconds": "60"},
        {"LogRetentionDays": "7"},
        {"Alarms": "no", "Dashboard": "no"},
        {"Bulk": "yes", "BulkInputBucket": "headlines"},
    ],
)
def test_a_parameter_that_leaves_the_function_as_it_is_leaves_the_version(
    described: Callable[[dict[str, str]], str], parameters: dict[str, str]
) -> None:
    assert described(parameters) == "onnx x86_64, 1769 MB, 60 s"


def test_a_new_image_makes_a_new_version(transformed: dict[str, Any]) -> None:
    assert version(transform("1"))[0] == version(transformed)[0]
    assert version(transform("2"))[0] != version(transformed)[0]
