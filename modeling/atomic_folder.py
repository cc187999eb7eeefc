"""Replace a folder in one step, so that a run killed at any moment leaves the old one or the new one, never a mix.

The new folder is written in a working folder, `.<name>.baking/` beside the target and so on the same file system. A
`flock` on the working folder is the lock for writing. What a killed run left there is removed at the next start.
"""

import contextlib
import ctypes
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from agnews.model.checkpoint import FILES, MANIFEST, TOKENIZER_CONFIG
from modeling.errors import BakeError

KNOWN = frozenset({MANIFEST, TOKENIZER_CONFIG}.union(*FILES.values()))
"""Names that a baked folder may hold. A folder with others, or without a manifest, is not ours to replace."""

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def exchange(first: Path, second: Path) -> bool:
    """Exchange the two folders in one step. Return False where the system cannot do that.

    renameat2(2) needs Linux 3.15, glibc 2.28 and a file system that supports RENAME_EXCHANGE.
    """
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0)


def working_folder(target: Path) -> Path:
    """Return the folder in which a new `target` is written."""
    real = target.resolve()
    return real.with_name(f".{real.name}.baking")


def check_target(target: Path) -> None:
    """Return if `target` may be replaced: absent, empty, or a baked folder with nothing else in it.

    Raises:
        BakeError: it is a file, or a folder with anything else in it.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise BakeError(f"{target} is not a folder; choose another --target")
    names = {path.name for path in target.iterdir()}
    others = sorted(names - KNOWN if MANIFEST in names else names)
    if others:
        listed = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
        raise BakeError(
            f"{target} holds other files than a baked checkpoint's ({listed}); move them or choose another --target"
        )


@contextlib.contextmanager
def staging(target: Path, swap: Callable[[Path, Path], bool] = exchange) -> Iterator[Path]:
    """Yield an empty folder that becomes `target` when the block ends without an error, and is removed otherwise.

    Raises:
        BakeError: another run is writing `target`, or it may not or cannot be replaced.
    """
    check_target(target)
    real = target.resolve()
    real.parent.mkdir(parents=True, exist_ok=True)
    with _locked(real):
        new = working_folder(real) / "new"
        new.mkdir()
        yield new
        _make_durable(new)
        _replace(new, real, swap)


def tidy(target: Path) -> None:
    """Put back what a killed run had moved aside and remove its leftovers, unless another run is writing `target`."""
    if working_folder(target).exists():
        with contextlib.suppress(BakeError, OSError), _locked(target.resolve()):
            pass


@contextlib.contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Hold the lock on an empty working folder, and remove the folder afterwards."""
    working = working_folder(target)
    lock = _lock(working)
    try:
        _recover(working, target)
        yield
    finally:
        _recover(working, target)
        working.rmdir()
        os.close(lock)


def _lock(working: Path) -> int:
    """Create the working folder and return a file descriptor that holds its lock. Raises BakeError."""
    while True:
        with contextlib.suppress(FileExistsError):  # exist_ok would raise if another run removed it in between
            working.mkdir()
        try:
            lock = os.open(working, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise BakeError(f"another run is writing in {working}; wait until it has ended") from error
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), working.stat()):
                return lock
        os.close(lock)  # another run removed it between our open and our lock


def _recover(working: Path, target: Path) -> None:
    """Put back an old checkpoint that a killed run had moved out of the way, and empty the working folder."""
    old = working / "old"
    if old.exists() and not target.exists():
        old.rename(target)
    for leftover in working.iterdir():
        shutil.rmtree(leftover)


def _make_durable(folder: Path) -> None:
    """Make the folder readable by all, whatever the umask (Lambda runs as another user), and write it to disk."""
    folder.chmod(0o755)
    for path in (*folder.iterdir(), folder):
        if path.is_file():
            path.chmod(0o644)
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def _replace(new: Path, target: Path, swap: Callable[[Path, Path], bool]) -> None:
    """Move `new` to `target`, in one step where `swap` can. Raises BakeError."""
    if target.exists() and swap(new, target):
        return
    try:
        if target.exists():
            target.rename(new.with_name("old"))
        new.rename(target)
    except OSError as error:  # EXDEV in a lower layer of an image, EBUSY for a mount point
        raise BakeError(f"cannot replace {target} ({error.strerror}); bake into another --target") from error
