"""template.yaml under parameters: what CloudFormation makes of its functions and conditions."""

import re
from typing import Any

import yaml

from tests.support.requirement import ROOT

PSEUDO = {
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::AccountId": "123456789012",
    "AWS::StackName": "agnews",
    "AWS::NoValue": None,
    "ClassifierAliaslive": "arn:aws:lambda:us-east-1:123456789012:function:agnews:live",
    "Classifier": "agnews",
}


class Loader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Reads CloudFormation's short forms, `!Ref x` as `{"Ref": x}`."""


def function(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", function)


class Stack:
    """The template with these parameters, the others at their defaults."""

    def __init__(self, **parameters: str) -> None:
        text = (ROOT / "template.yaml").read_text(encoding="utf-8")
        self.template: dict[str, Any] = yaml.load(text, Loader)
        self.values: dict[str, Any] = {name: str(item["Default"]) for name, item in self.template["Parameters"].items()}
        self.values |= PSEUDO | parameters

    @property
    def resources(self) -> dict[str, Any]:
        """Names and resolved properties of the resources that the conditions leave."""
        items = self.template["Resources"].items()
        return {name: self.resolved(item["Properties"]) for name, item in items if self._kept(item)}

    def of_type(self, kind: str) -> dict[str, Any]:
        """Those of one type."""
        return {
            name: found for name, found in self.resources.items() if self.template["Resources"][name]["Type"] == kind
        }

    @property
    def definition(self) -> Any:
        """The bulk state machine's."""
        return self.resolved(self.template["Resources"]["BulkMachine"]["Properties"]["Definition"])

    def _kept(self, item: dict[str, Any]) -> bool:
        return "Condition" not in item or bool(self.resolved({"Condition": item["Condition"]}))

    def resolved(self, value: Any) -> Any:
        """The value without functions, and without what is AWS::NoValue."""
        if isinstance(value, list):
            return [found for item in value if (found := self.resolved(item)) is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if (name in ("Ref", "Condition") and isinstance(argument, str)) or name.startswith("Fn::"):
                return getattr(self, f"_{name.removeprefix('Fn::').lower()}")(argument)
        return {key: found for key, item in value.items() if (found := self.resolved(item)) is not None}

    def _ref(self, name: str) -> Any:
        return self.values.get(name, name)

    def _condition(self, name: str) -> bool:
        return bool(self.resolved(self.template["Conditions"][name]))

    def _getatt(self, name: str) -> str:
        return name

    def _sub(self, argument: Any) -> str:
        text, more = argument if isinstance(argument, list) else (argument, {})
        local = {name: self.resolved(value) for name, value in more.items()}
        return re.sub(r"\$\{([\w:.]+)\}", lambda name: str(local.get(name[1], self._ref(name[1]))), text)

    def _if(self, argument: list[Any]) -> Any:
        return self.resolved(argument[1 if self._condition(argument[0]) else 2])

    def _equals(self, argument: list[Any]) -> bool:
        one, other = map(self.resolved, argument)
        return str(one) == str(other)

    def _not(self, argument: list[Any]) -> bool:
        return not self.resolved(argument[0])

    def _and(self, argument: list[Any]) -> bool:
        return all(self.resolved(item) for item in argument)

    def _join(self, argument: list[Any]) -> str:
        parts = self.resolved(argument[1])
        return str(argument[0]).join([parts] if isinstance(parts, str) else parts)

    def _findinmap(self, argument: list[Any]) -> Any:
        name, first, second = map(self.resolved, argument)
        return self.template["Mappings"][name][first][second]
