"""Prepare a folder of packages or code for Lambda: remove unused files, compile, and make everything readable."""

import compileall
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from py_compile import PycInvalidationMode

UNUSED = (
    "bin",
    "**/tests",
    "**/*.pyi",
    "botocore/data/[!s]*/",  # the descriptions of all services but SQS
    "botocore/data/s[!q]*/",
    "numpy/_core/include",
    "numpy/_core/lib",
    "numpy/f2py",
    "onnxruntime/capi/libonnxruntime.so*",  # 35 MB for C programs; the Python module contains it
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "torch/include",
    "torch/share",
)
"""Globs of what the handler never opens. The image's tests run without these files."""


def main(folder: Path) -> None:
    """Prepare `folder`. Files that do not compile are reported and kept: torch has some for newer Python versions."""
    for path in list(unused_paths(folder)):
        remove(path)
    # Unchecked: valid whatever modification times the image's layers give the sources.
    compileall.compile_dir(folder, quiet=1, force=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    make_readable(folder)


def unused_paths(folder: Path) -> Iterator[Path]:
    """Yield what is unused in Lambda."""
    for pattern in UNUSED:
        yield from folder.glob(pattern)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it still exists."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make_readable(folder: Path) -> None:
    """Make everything readable for all, whatever the checkout's umask: Lambda runs as another user."""
    for path in (folder, *folder.rglob("*")):
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
