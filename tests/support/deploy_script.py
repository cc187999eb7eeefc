"""Runs scripts/deploy.sh with a stand-in for Docker on the PATH."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.support.aws_account import NOBODY
from tests.support.requirement import ROOT

SCRIPT = ROOT / "scripts" / "deploy.sh"
RECORDING = ROOT / "tests" / "support" / "stand_ins" / "recording" / "docker"
AMD64 = f"amd64 sha256:{'0123456789abcdef' * 4}"
"""Docker's answer about an image: its architecture and id."""
PATIENCE_S = 300


@dataclass(frozen=True)
class Deployed:
    """The script's exit status and output."""

    code: int
    stdout: str
    stderr: str
    docker: list[str]
    """The arguments of each call to Docker."""


def deploy(
    path: str,
    folder: Path,
    *options: str,
    script: Path = SCRIPT,
    environment: dict[str, str] | None = None,
    **docker: str,
) -> Deployed:
    """Run the script with this PATH and return its results. `docker` are variables for the stand-in."""
    log = folder / "docker.txt"
    log.unlink(missing_ok=True)
    stand_in = {"DOCKER_LOG": str(log), "DOCKER_IMAGE": AMD64, "DOCKER_FAILS": ""} | docker
    done = subprocess.run(
        [script, *options],
        env=(environment or os.environ | NOBODY) | stand_in | {"PATH": path},
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
    )
    calls = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    return Deployed(done.returncode, done.stdout, done.stderr, calls)


def docker_calls(tag: str, *, engine: str = "onnx", arch: str = "x86_64", platform: str = "linux/amd64") -> list[str]:
    """Return the arguments of the calls to Docker that build and push the image `tag`."""
    registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    build = f"buildx build --platform {platform} --provenance=false --sbom=false --load --tag agnews:{engine}-{arch}"
    return [
        "version",
        "buildx version",
        f"{build} --build-arg ENGINE={engine} --build-arg MODEL=embedded --build-arg ARCHITECTURE={arch} {ROOT}",
        f"image inspect --format {{{{.Architecture}}}} {{{{.Id}}}} agnews:{engine}-{arch}",
        f"login --username AWS --password-stdin {registry}",
        "password 123456789012-auth-token",
        f"tag agnews:{engine}-{arch} {registry}/agnews:{tag}",
        f"push {registry}/agnews:{tag}",
    ]
