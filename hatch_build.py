"""Puts what a clone has beside agnews/ into a wheel, as agnews/task/. An editable install leaves it in the clone."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PATHS = ("handler.py", "model_cache", "examples/events/single.json")


class TaskFolder(BuildHookInterface[Any]):
    """The custom hook of the wheel target in pyproject.toml."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the paths to a standard wheel."""
        if version == "standard":
            build_data["force_include"] |= {path: f"agnews/task/{path}" for path in PATHS}
