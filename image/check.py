"""Check that engine, model, platform and function fit together, and otherwise fail the build with what to change."""

import argparse
import platform
import re
import sys
from collections.abc import Sequence

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""The kernel's and Docker's names of the architectures."""
FUNCTIONS = {"x86_64": "amd64", "arm64": "arm64"}
"""Lambda's and Docker's names of the architectures."""
HUB_MODEL = re.compile(r"[\w.-]+/[\w.-]+@[\w.-]+")
OLDEST_PYTHON = (3, 11)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the checks and return the exit status: 0 if everything fits together, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--function", default="", help="the Lambda function's architecture, if known")
    parser.add_argument("--platform", default="", help="the builder's TARGETARCH, if it sets one")
    options = parser.parse_args(arguments)
    machine = platform.machine()
    errors = [
        *argument_errors(options.engine, options.model),
        *architecture_errors(machine, options.platform, options.function),
    ]
    if sys.version_info < OLDEST_PYTHON:
        errors.append(f"the base image has Python {platform.python_version()}; choose a BASE with 3.11 or newer")
    for error in errors:
        sys.stderr.write(f"error: {error}\n")
    if not errors:
        name = next(name for name, docker in FUNCTIONS.items() if docker == ARCHITECTURES[machine])
        sys.stderr.write(f"this image is for Lambda functions with --architectures {name}\n")
    return 1 if errors else 0


def argument_errors(engine: str, model: str) -> list[str]:
    """Return what is wrong with the build arguments ENGINE and MODEL."""
    errors = []
    if engine not in {"onnx", "pipeline"}:
        errors.append(f"--build-arg ENGINE={engine} is unknown; choose onnx or pipeline")
    if model != "embedded" and not HUB_MODEL.fullmatch(model):
        errors.append(f"--build-arg MODEL={model} is neither embedded nor OWNER/NAME@REVISION")
    return errors


def architecture_errors(machine: str, target: str, function: str) -> list[str]:
    """Return how the base image, the requested platform and the function's architecture contradict each other."""
    architecture = ARCHITECTURES.get(machine)
    if architecture is None:
        return [f"the base image is for {machine}; Lambda has x86_64 and arm64"]
    errors = []
    if target and target != architecture:
        errors.append(
            f"the base image is {architecture}, the platform is linux/{target}: BASE is an image for one architecture; "
            f"use --platform linux/{architecture}, or a BASE for {target}"
        )
    if function and function not in FUNCTIONS:
        errors.append(f"--build-arg ARCHITECTURE={function} is unknown; Lambda has x86_64 and arm64")
    elif function and FUNCTIONS[function] != architecture:
        errors.append(
            f"the function is {function}, this image is {architecture}, and Lambda would fail with "
            f"Runtime.InvalidEntrypoint; build with --platform linux/{FUNCTIONS[function]}"
        )
    return errors


if __name__ == "__main__":
    sys.exit(main())
