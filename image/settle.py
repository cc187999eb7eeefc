"""Makes a folder of packages or code fit for Lambda: without what it never reads, compiled, readable by all."""

import compileall
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from py_compile import PycInvalidationMode

UNREAD = (
    "bin",
    "**/tests",
    "**/*.pyi",
    "botocore/data/[!s]*/",  # every service's description but that of SQS
    "botocore/data/s[!q]*/",
    "numpy/_core/include",
    "numpy/_core/lib",
    "numpy/f2py",
    "onnxruntime/capi/libonnxruntime.so*",  # 35 MB for programs in C; the Python module has all of it inside
    "onnxruntime/datasets",
    "onnxruntime/quantization",
    "onnxruntime/tools",
    "onnxruntime/transformers",
    "torch/include",
    "torch/share",
)
"""Globs of what no import of the handler opens; the image's tests run without it."""


def main(folder: Path) -> None:
    """Leaves `folder` ready. What this Python cannot compile it names and leaves: torch holds files for newer ones."""
    for path in list(unread(folder)):
        remove(path)
    # Unchecked: valid whatever times the layers give the sources, which are not even looked at.
    compileall.compile_dir(folder, quiet=1, force=True, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)
    share(folder)


def unread(folder: Path) -> Iterator[Path]:
    """What of `folder` is of no use in Lambda."""
    for pattern in UNREAD:
        yield from folder.glob(pattern)


def remove(path: Path) -> None:
    """Leaves nothing at `path`, which may have gone with its folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def share(folder: Path) -> None:
    """Lets everyone read, whatever umask the checkout had: Lambda runs as a user of its own."""
    for path in (folder, *folder.rglob("*")):
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
