"""The choice of engine."""

import argparse

from agnews.settings import ENGINES, Settings


def add_engine(command: argparse.ArgumentParser) -> None:
    """Adds the choice of engine."""
    command.add_argument("--engine", choices=ENGINES, help="default: AGNEWS_ENGINE, or onnx")


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The environment's settings, with the engine that was asked for."""
    settings = Settings.from_environment()
    return settings._replace(engine=arguments.engine) if arguments.engine else settings
