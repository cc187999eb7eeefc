"""Check that the int8 model gives the same answers on a CPU with only AVX2, all that Lambda promises on x86_64.

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
    """Run the command line that the module's docstring describes."""
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
        emulated = np.array(json.loads(answer.read_text()))
    native = np.array(logits(arguments.texts))
    figures = {
        "texts": len(native),
        "emulated": " ".join(EMULATOR),
        "equal_labels": float((native.argmax(1) == emulated.argmax(1)).mean()),
        "largest_difference": float(np.abs(native - emulated).max()),
    }
    print(record("avx2", figures), figures)


def logits(count: int) -> list[list[float]]:
    """Return the int8 engine's logits of `count` generated headlines on this process's CPU."""
    checkpoint = read_checkpoint(Settings().model_dir)
    ids = [encoded.ids for encoded in Encoder(checkpoint).encode(headlines(count))]
    rows: list[list[float]] = run_each(session(checkpoint.path("model.onnx")), ids).tolist()
    return rows


if __name__ == "__main__":
    main()
