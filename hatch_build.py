"""Puts into a wheel, as agnews/task/, what a clone and Lambda have beside agnews/. An editable install uses the clone's."""

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PATHS = ("handler.py", "model_cache", "examples/events/single.json")


class TaskFolder(BuildHookInterface):
    """The custom hook of the wheel target in pyproject.toml."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the paths to a standard wheel."""
        if version == "standard":
            build_data["force_include"] |= {path: f"agnews/task/{path}" for path in PATHS}
