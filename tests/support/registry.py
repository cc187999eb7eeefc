"""A real container registry on 127.0.0.1: Debian's docker-registry."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.aws_account import PATIENCE_S, is_up
from tests.support.free_port import free_port


@contextmanager
def registry(folder: Path) -> Iterator[str]:
    """Start an empty registry that keeps its files in `folder`, and yield its address."""
    address = f"127.0.0.1:{free_port()}"
    settings = {
        "version": 0.1,
        "storage": {"filesystem": {"rootdirectory": str(folder / "data")}},
        "http": {"addr": address},
    }
    (folder / "settings.yml").write_text(json.dumps(settings))  # JSON is YAML, too
    log = folder / "log.txt"
    command = ["docker-registry", "serve", str(folder / "settings.yml")]
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as process:
        try:
            end = time.monotonic() + PATIENCE_S
            while not is_up(f"http://{address}/v2/"):
                assert process.poll() is None and time.monotonic() < end, log.read_text()
                time.sleep(0.1)
            yield address
        finally:
            process.terminate()
