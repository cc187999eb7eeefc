"""Whether the int8 model answers the same on a CPU with AVX2 alone, which is what Lambda promises on x86_64.

    python -m benchmarks.avx2 [--texts 300]

Runs the same headlines here and under user-mode emulation of a Haswell (Debian: apt-get install qemu-user-static).
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from agnews.model.checkpoint import read_checkpoint
from agnews.model.encode import Encoder
from agnews.model.engines.onnx import run_each, session
from agnews.settings import Settings
from benchmarks.record import record
from modeling.headlines import headlines

EMULATOR = ("qemu-x86_64-static", "-cpu", "Haswell")


def main() -> None:
    """Command line: see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=300)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.answer:
        arguments.answer.write_text(json.dumps(logits(arguments.texts)))
        return
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "logits.json"
        command = [*EMULATOR, sys.executable, "-m", "benchmarks.avx2", "--texts", str(arguments.texts)]
        subprocess.run([*command, "--answer", str(answer)], check=True)  # noqa: S603 (a fixed command)
        there = np.array(json.loads(answer.read_text()))
    here = np.array(logits(arguments.texts))
    figures = {
        "texts": len(here),
        "emulated": " ".join(EMULATOR),
        "equal_labels": float((here.argmax(1) == there.argmax(1)).mean()),
        "largest_difference": float(np.abs(here - there).max()),
    }
    print(record("avx2", figures), figures)


def logits(count: int) -> list[list[float]]:
    """The int8 engine's logits of `count` generated headlines on this process's CPU."""
    checkpoint = read_checkpoint(Settings().model_dir)
    ids = [encoded.ids for encoded in Encoder(checkpoint).encode(headlines(count))]
    found: list[list[float]] = run_each(session(checkpoint.path("model.onnx")), ids).tolist()
    return found


if __name__ == "__main__":
    main()
