"""Stands in for AWS's base image: Debian with the same paths, the real runtime client and the real emulator."""

import functools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.buildah import FOLDER, build
from tests.support.requirement import ROOT, require

AWS_BASE = "public.ecr.aws/lambda/python:3.13"
"""What the Dockerfile builds on, and so the name of the stand-in with Python 3.13."""

PACKAGES = {
    "buildah": "buildah",
    "bwrap": "bubblewrap",
    "curl": "curl",
    "docker-registry": "docker-registry",
    "mmdebstrap": "mmdebstrap",
    "skopeo": "skopeo",
}
EMULATION = {"arch-test": "arch-test", "qemu-aarch64-static": "qemu-user-static"}
SUITES = {"3.13": "trixie", "3.11": "bookworm"}
"""The Debian releases with these Pythons."""
INCLUDED = "ca-certificates,libstdc++6,python3,python3-pip"
BINFMT = Path("/proc/sys/fs/binfmt_misc")
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def require_tools(emulation: bool = False) -> None:
    """Fail the test with what to install if images cannot be built and run here."""
    wanted = PACKAGES | (EMULATION if emulation else {})
    lacking = sorted(package for tool, package in wanted.items() if shutil.which(tool) is None)
    remedy = f"apt-get install --no-install-recommends {' '.join(lacking)}"
    require(not lacking, f"the Debian packages {', '.join(lacking)}", remedy)
    require(os.geteuid() == 0, "the right to mount", "run this as root")


@functools.cache
def stand_in(python: str, architecture: str = "amd64") -> str:
    """Build the stand-in and return its name."""
    if architecture == "arm64":
        register_arm64()
    name = AWS_BASE if (python, architecture) == ("3.13", "amd64") else f"localhost/stand-in:{python}-{architecture}"
    context = FOLDER / f"base-{python}-{architecture}"
    context.mkdir(parents=True, exist_ok=True)
    if not (context / "root.tar").exists():
        bootstrap(SUITES[python], architecture, context / "root.tar")
    for path in (ROOT / "tests" / "support" / "base").iterdir():
        shutil.copy(path, context)
    fetch_emulator(architecture, context / "aws-lambda-rie")
    client = re.search(r"^awslambdaric==\S+", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE)
    assert client
    done = build(name, f"linux/{architecture}", context, RUNTIME_CLIENT=client[0])
    assert done.returncode == 0, done.stdout
    return name


def bootstrap(suite: str, architecture: str, root: Path) -> None:
    """Write Debian's essential packages and Python as an archive."""
    unfinished = root.with_suffix(".part.tar")
    how = ["--quiet", "--variant=essential", f"--include={INCLUDED}", f"--architectures={architecture}"]
    done = subprocess.run(["mmdebstrap", *how, suite, unfinished], capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    unfinished.rename(root)


def fetch_emulator(architecture: str, target: Path) -> None:
    """Write the runtime interface emulator for `architecture`."""
    choice = {"PYTHON": sys.executable, "EMULATOR_MACHINE": MACHINES[architecture], "EMULATOR_TARGET": str(target)}
    subprocess.run(["sh", ROOT / "scripts" / "fetch_emulator.sh"], env=os.environ | choice, check=True)


def register_arm64() -> None:
    """Let the kernel run arm64 programs through qemu, as Debian's package does at boot."""
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", BINFMT], check=True)
    if not (BINFMT / "qemu-aarch64").exists():
        (BINFMT / "register").write_bytes(Path("/usr/lib/binfmt.d/qemu-aarch64.conf").read_bytes().strip())
