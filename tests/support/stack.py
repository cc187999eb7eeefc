"""template.yaml with its functions and conditions resolved, as CloudFormation resolves them."""

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
    "AWS::URLSuffix": "amazonaws.com",
    "ClassifierAliaslive": "arn:aws:lambda:us-east-1:123456789012:function:agnews:live",
    "Classifier": "agnews",
}


class TemplateLoader(yaml.SafeLoader):  # type: ignore[misc]  # PyYAML has no types
    """Reads CloudFormation's short forms: `!Ref x` becomes `{"Ref": x}`."""


def long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    """Return the long form of a function."""
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


TemplateLoader.add_multi_constructor("!", long_form)


class Stack:
    """The template with these parameters, and defaults for the others."""

    def __init__(self, **parameters: str) -> None:
        text = (ROOT / "template.yaml").read_text(encoding="utf-8")
        self.template: dict[str, Any] = yaml.load(text, TemplateLoader)
        self.values: dict[str, Any] = {name: str(item["Default"]) for name, item in self.template["Parameters"].items()}
        self.values |= PSEUDO | parameters

    @property
    def resources(self) -> dict[str, Any]:
        """The resolved properties, by name, of the resources whose condition holds."""
        items = self.template["Resources"].items()
        return {name: self.resolved(item["Properties"]) for name, item in items if self._holds(item)}

    def of_type(self, kind: str) -> dict[str, Any]:
        """Return the resources of one type."""
        return {
            name: properties
            for name, properties in self.resources.items()
            if self.template["Resources"][name]["Type"] == kind
        }

    @property
    def definition(self) -> Any:
        """The definition of the bulk state machine."""
        return self.resolved(self.template["Resources"]["BulkMachine"]["Properties"]["Definition"])

    def _holds(self, item: dict[str, Any]) -> bool:
        return "Condition" not in item or bool(self.resolved({"Condition": item["Condition"]}))

    def resolved(self, value: Any) -> Any:
        """Return the value with its functions resolved, and without entries that are AWS::NoValue."""
        if isinstance(value, list):
            return [resolved for item in value if (resolved := self.resolved(item)) is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if (name in ("Ref", "Condition") and isinstance(argument, str)) or name.startswith("Fn::"):
                return getattr(self, f"_{name.removeprefix('Fn::').lower()}")(argument)
        return {key: resolved for key, item in value.items() if (resolved := self.resolved(item)) is not None}

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
        left, right = map(self.resolved, argument)
        return str(left) == str(right)

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
