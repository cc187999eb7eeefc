"""Ends a build whose parts do not fit together, with what to change."""

import argparse
import platform
import re
import sys
from collections.abc import Sequence

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
"""What the kernel calls an architecture, and what Docker does."""
FUNCTIONS = {"x86_64": "amd64", "arm64": "arm64"}
"""What Lambda calls it."""
HUB_MODEL = re.compile(r"[\w.-]+/[\w.-]+@[\w.-]+")
OLDEST_PYTHON = (3, 11)


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: 0 if everything fits, else 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--function", default="", help="the Lambda function's architecture, where it is known")
    parser.add_argument("--platform", default="", help="TARGETARCH, where the builder says it")
    options = parser.parse_args(arguments)
    machine = platform.machine()
    faults = [*misuse(options.engine, options.model), *mix_ups(machine, options.platform, options.function)]
    if sys.version_info < OLDEST_PYTHON:
        faults.append(f"the base image has Python {platform.python_version()}; choose a BASE with 3.11 or newer")
    for fault in faults:
        sys.stderr.write(f"error: {fault}\n")
    if not faults:
        name = next(name for name, docker in FUNCTIONS.items() if docker == ARCHITECTURES[machine])
        sys.stderr.write(f"this image is for Lambda functions with --architectures {name}\n")
    return 1 if faults else 0


def misuse(engine: str, model: str) -> list[str]:
    """What is wrong with the build arguments ENGINE and MODEL."""
    faults = []
    if engine not in {"onnx", "pipeline"}:
        faults.append(f"--build-arg ENGINE={engine} is unknown; choose onnx or pipeline")
    if model != "embedded" and not HUB_MODEL.fullmatch(model):
        faults.append(f"--build-arg MODEL={model} is neither embedded nor OWNER/NAME@REVISION")
    return faults


def mix_ups(machine: str, target: str, function: str) -> list[str]:
    """What of the running base, the platform that was asked for and the function does not go together."""
    found = ARCHITECTURES.get(machine)
    if found is None:
        return [f"the base image runs on {machine}; Lambda has x86_64 and arm64"]
    faults = []
    if target and target != found:
        faults.append(
            f"the base image is {found}, the platform is linux/{target}: BASE names an image of one architecture; "
            f"choose --platform linux/{found}, or a BASE for {target}"
        )
    if function and function not in FUNCTIONS:
        faults.append(f"--build-arg ARCHITECTURE={function} is unknown; Lambda has x86_64 and arm64")
    elif function and FUNCTIONS[function] != found:
        faults.append(
            f"the function is {function}, this image is {found}, and Lambda would say Runtime.InvalidEntrypoint; "
            f"build with --platform linux/{FUNCTIONS[function]}"
        )
    return faults


if __name__ == "__main__":
    sys.exit(main())
