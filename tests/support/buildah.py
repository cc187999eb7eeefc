"""Builds images without a Docker engine, in a storage of the tests' own under build/."""

import ast
import atexit
import functools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.requirement import ROOT

FOLDER = ROOT / "build" / "image"
PIP_SETTINGS = ("cert", "extra-index-url", "find-links", "index-url", "timeout", "trusted-host")
"""What a build needs of the host's pip: where packages come from."""


@functools.cache
def storage() -> tuple[str, ...]:
    """Return buildah's options for the storage: overlay mounts if the machine supports them, else full copies."""
    for driver in ("overlay", "vfs"):
        folder = FOLDER / driver
        options = ("--root", f"{folder}/root", "--runroot", f"{folder}/run", "--storage-driver", driver)
        if subprocess.run(["buildah", *options, "info"], capture_output=True).returncode == 0:
            atexit.register(unmount, folder / "root" / driver)
            return options
    raise OSError(f"buildah finds no storage driver for {FOLDER}")


def unmount(folder: Path) -> None:
    """Unmount the storage's folder, which buildah leaves mounted, so that `make clean` can remove it."""
    subprocess.run(["umount", str(folder)], capture_output=True)


def buildah(*arguments: str | Path) -> str:
    """Run buildah and return its stdout. It must not fail."""
    command = ["buildah", *storage(), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def build(tag: str, platform: str, context: Path = ROOT, /, **arguments: str) -> subprocess.CompletedProcess[str]:
    """Build `context`'s Dockerfile with `arguments` as --build-arg. All output is in stdout."""
    given = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
    how = (
        "--isolation",
        "chroot",
        "--format",
        "docker",
        "--layers",
        "--force-rm",
        "--pull-never",
        "--platform",
        platform,
    )
    command = ["buildah", *storage(), "bud", *how, *pip_mounts(), *given, "--tag", tag, str(context)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")


def facts(image: str) -> Any:
    """Return the image's configuration in Docker's format."""
    return json.loads(buildah("inspect", "--type", "image", image))["Docker"]


def mounted(image: str) -> Path:
    """Return the folder where the image's files are mounted until this process ends."""
    container = buildah("from", "--pull-never", image)
    atexit.register(buildah, "rm", container)
    return Path(buildah("mount", container))


@functools.cache
def pip_mounts() -> tuple[str, ...]:
    """Return buildah's options that give pip in a build the host's mirrors, certificates and wheels."""
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=True, capture_output=True, encoding="utf-8"
    ).stdout
    settings: dict[str, str] = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        settings.setdefault(name.rpartition(".")[2], ast.literal_eval(value))  # the environment's come first
    kept = {name: value for name, value in settings.items() if name in PIP_SETTINGS}
    if not kept:
        return ()
    written = FOLDER / "pip.conf"
    written.parent.mkdir(parents=True, exist_ok=True)
    written.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in kept.items()))
    parts = [part for value in kept.values() for part in value.split()]
    places = {part for part in parts if Path(part).is_absolute() and Path(part).exists()}
    mounts = {str(written): "/etc/pip.conf"} | {place: place for place in sorted(places)}
    return tuple(part for place, inside in mounts.items() for part in ("--volume", f"{place}:{inside}:ro"))
