"""Output files that are complete or absent."""

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from agnews.errors import InputError

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""The errors of a write to a full disk, and beyond a quota or the largest file."""


@contextmanager
def atomic_file(path: Path) -> Iterator[TextIO]:
    """Yield a text file that is renamed to `path` if the block succeeds, and removed if it fails.

    Raises:
        InputError: the file cannot be created, or the disk is full.
    """
    target = path.resolve()
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    if target.is_dir():
        raise InputError(f"cannot write {path} (it is a directory)")
    try:
        # backslashreplace: a refused text may be a lone surrogate; in JSON the result is its escape.
        stream = part.open("x", encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise InputError(f"cannot write {path} ({error.strerror})") from error
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    except OSError as error:
        if error.errno in NO_SPACE:  # others may be of the block
            raise InputError(
                f"cannot write {path} ({error.strerror}); free some space, or name another disk"
            ) from error
        raise
    finally:
        part.unlink(missing_ok=True)
