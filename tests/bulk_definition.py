"""The bulk state machine's definition as template.yaml has it, with values for its parameters."""

import re
from typing import Any

import yaml

from tests.requirement import ROOT

PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "agnews",
    "ClassifierAliaslive": "arn:aws:lambda:us-east-1:123456789012:function:agnews:live",
}


class Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms, `!Ref x` as `{"Ref": x}`."""


def function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", function)


def template() -> dict[str, Any]:
    """template.yaml, its functions in the long form."""
    found: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), Loader)
    return found


def definition(**parameters: str) -> dict[str, Any]:
    """The definition that Step Functions gets, with these parameters and the defaults of the others."""
    whole = template()
    values = {name: str(item["Default"]) for name, item in whole["Parameters"].items()} | PSEUDO | parameters
    found: dict[str, Any] = resolved(whole["Resources"]["BulkMachine"]["Properties"]["Definition"], values)
    return found


def resolved(value: Any, values: dict[str, str]) -> Any:
    """What CloudFormation makes of Ref and Sub, which are the functions that the definition has."""
    if isinstance(value, list):
        return [resolved(item, values) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return values[value["Ref"]]
    if set(value) == {"Fn::Sub"}:
        return re.sub(r"\$\{([\w:]+)\}", lambda name: values[name[1]], value["Fn::Sub"])
    return {key: resolved(item, values) for key, item in value.items()}
