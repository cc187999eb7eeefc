"""Import a contender's handler in a process of its own and answer orders from stdin, one per line.

    python -m benchmarks.driver MODULE.FUNCTION

An order is {"events": […]}, its reply {"seconds": […], "answer", "earlier_peak_bytes", "answering_peak_bytes"}: a time
per event, the last event's answer, and the peak of resident memory before these events and while answering them.
"""

import importlib
import json
import os
import re
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TextIO

from agnews.cli.local.container import LocalContext

PACKAGES = ("ctranslate2", "numpy", "onnxruntime", "openvino", "optimum-onnx", "tokenizers", "torch", "transformers")
TIMEOUT_S = 900


def main() -> None:
    """Run the command line that the module's docstring describes."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # libraries print
    module, function = sys.argv[1].rsplit(".", 1)
    handler = getattr(importlib.import_module(module), function)
    send(replies, {"versions": versions()})
    for line in sys.stdin:
        send(replies, answered(handler, json.loads(line)["events"]))


def send(replies: TextIO, reply: dict[str, Any]) -> None:
    """Write the reply as one line."""
    replies.write(json.dumps(reply) + "\n")
    replies.flush()


def answered(handler: Callable[[Any, LocalContext], Any], events: list[Any]) -> dict[str, Any]:
    """Return the reply to an order, with each event's seconds from call to answer."""
    before = status_bytes("VmHWM")
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew (man 5 proc)
    seconds = []
    answer = None
    for event in events:
        context = LocalContext("function", time.monotonic() + TIMEOUT_S)
        start = time.perf_counter()
        answer = handler(event, context)
        seconds.append(time.perf_counter() - start)
    peak = status_bytes("VmHWM")
    return {"seconds": seconds, "answer": answer, "earlier_peak_bytes": before, "answering_peak_bytes": peak}


def status_bytes(name: str, process: int | str = "self") -> int:
    """Return the bytes on a line of /proc/PROCESS/status, such as VmRSS (now) or VmHWM (peak)."""
    content = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    line = re.search(rf"^{name}:\s+(\d+) kB$", content, re.MULTILINE)
    if not line:
        raise ValueError(f"/proc/{process}/status has no {name}; has the process ended?")
    return int(line[1]) * 1024


def versions() -> dict[str, str]:
    """Return the versions of those PACKAGES that are installed where this contender runs."""
    installed = {}
    for package in PACKAGES:
        try:
            installed[package] = version(package)
        except PackageNotFoundError:
            continue
    return installed


if __name__ == "__main__":
    main()
