"""Runs an image as Lambda does: not as root, every file read-only but /tmp, no home, no /dev/shm, no network."""

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.buildah import facts, mounted
from tests.support.local_lambda import PATH

USER = "993:990"
"""As whom Lambda runs functions; neither is in the image's /etc/passwd."""
EMPTY_HOME = "/mnt"
DEVICES = ("full", "null", "random", "urandom", "zero")
CAPABILITIES = ("CAP_SETUID", "CAP_SETGID", "CAP_SYS_CHROOT")
"""What chroot needs to change the user; they are gone then."""
URL = "http://127.0.0.1:8080"
"""The emulator's, inside the sandbox's own network."""


@dataclass(frozen=True)
class Sandbox:
    """A running image."""

    process: int
    """A process inside, by its id outside."""

    @property
    def inside(self) -> list[str]:
        """The prefix of a command on the host that needs the sandbox's network."""
        return ["nsenter", f"--net=/proc/{self.process}/ns/net", "--"]

    def curl(self, *arguments: str) -> Any:
        """Run curl with `arguments` and return the parsed answer."""
        command = [*self.inside, "curl", "--silent", "--show-error", *arguments]
        done = subprocess.run(command, capture_output=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def post(self, payload: str, *arguments: str) -> Any:
        return self.curl(*arguments, "--data-binary", payload, URL + PATH)


def walled(image: str, root: Path, environment: dict[str, str]) -> list[str]:
    """Return bwrap's command line before the program: `root` with the image's environment and working directory."""
    config = facts(image)["config"]
    variables = dict(variable.split("=", 1) for variable in config["Env"]) | {"HOME": EMPTY_HOME} | environment
    command = ["bwrap", "--ro-bind", str(root), "/", "--proc", "/proc", "--perms", "1777", "--tmpfs", "/tmp"]
    command += ["--tmpfs", "/dev"]
    for device in DEVICES:
        command += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    command += ["--remount-ro", "/dev", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--die-with-parent"]
    command += ["--cap-drop", "ALL"]
    for capability in CAPABILITIES:
        command += ["--cap-add", capability]
    command += ["--chdir", config["WorkingDir"], "--clearenv"]
    for name, value in variables.items():
        command += ["--setenv", name, value]
    return command


AS_USER = ("chroot", f"--userspec={USER}", "--skip-chdir", "/")


def output(image: str, *program: str, **environment: str) -> str:
    """Run `program` inside the image and return its output."""
    command = [*walled(image, mounted(image), environment), *AS_USER, *program]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def started(image: str, log: Path, **environment: str) -> Iterator[Sandbox]:
    """Start the image through its entrypoint and wait until it has answered a request."""
    config = facts(image)["config"]
    program: Sequence[str] = [*config["Entrypoint"], *config["Cmd"]]
    reading, writing = os.pipe()
    command = [*walled(image, mounted(image), environment), "--info-fd", str(writing), *AS_USER, *program]
    with (
        log.open("wb") as written,
        subprocess.Popen(command, stdout=written, stderr=written, pass_fds=[writing]) as process,
    ):
        os.close(writing)
        try:
            with os.fdopen(reading) as information:
                sandbox = Sandbox(json.load(information)["child-pid"])
            ready = sandbox.post('{"warmup": true}', "--retry", "60", "--retry-delay", "1", "--retry-connrefused")
            assert "errorType" not in ready, f"{ready}\n{log.read_text()}"
            yield sandbox
        finally:
            process.kill()
