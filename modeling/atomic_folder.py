"""Replaces a folder in one step, so that a run killed at any moment leaves the old one or the new one, never a mix.

Everything happens in a workshop, `.<name>.baking/` beside the target and so on the same file system. It is also
the lock: who holds `flock` on it may write. What a killed run left there is removed at the next start.
"""

import contextlib
import ctypes
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from agnews.model.checkpoint import FILES, MANIFEST
from modeling.errors import BakeError

KNOWN = frozenset({MANIFEST}.union(*FILES.values()))
"""Names that a baked folder may hold. One with others, or without a manifest, is somebody's and is not replaced."""

_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def exchange(first: Path, second: Path) -> bool:
    """True if the two folders changed places in one step; False where the system cannot do that.

    renameat2(2) needs Linux 3.15, glibc 2.28 and a file system that supports RENAME_EXCHANGE.
    """
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except AttributeError:
        return False
    return bool(renameat2(_AT_FDCWD, os.fsencode(first), _AT_FDCWD, os.fsencode(second), _RENAME_EXCHANGE) == 0)


def workshop_of(target: Path) -> Path:
    """Where runs for `target` work."""
    real = target.resolve()
    return real.with_name(f".{real.name}.baking")


def check_target(target: Path) -> None:
    """Returns if `target` may be replaced: absent, empty, or a baked folder with nothing else in it.

    Raises:
        BakeError: it is a file, or a folder with anything else in it.
    """
    if not target.exists():
        return
    if not target.is_dir():
        raise BakeError(f"{target} is not a folder; choose another --target")
    names = {path.name for path in target.iterdir()}
    strange = sorted(names - KNOWN if MANIFEST in names else names)
    if strange:
        shown = ", ".join(strange[:3]) + (", …" if len(strange) > 3 else "")
        raise BakeError(
            f"{target} holds other files than a baked checkpoint's ({shown}); move them or choose another --target"
        )


@contextlib.contextmanager
def staging(target: Path, swap: Callable[[Path, Path], bool] = exchange) -> Iterator[Path]:
    """An empty folder that becomes `target` when the block ends without an error, and is removed otherwise.

    Raises:
        BakeError: another run is writing `target`, or it may not or cannot be replaced.
    """
    check_target(target)
    real = target.resolve()
    real.parent.mkdir(parents=True, exist_ok=True)
    with _held(real):
        new = workshop_of(real) / "new"
        new.mkdir()
        yield new
        _settle(new)
        _replace(new, real, swap)


def tidy(target: Path) -> None:
    """Puts back what a killed run had moved aside and removes its leftovers, unless a run is at work there."""
    if workshop_of(target).exists():
        with contextlib.suppress(BakeError, OSError), _held(target.resolve()):
            pass


@contextlib.contextmanager
def _held(target: Path) -> Iterator[None]:
    """Holds the workshop's lock, inside an empty workshop that is gone afterwards."""
    workshop = workshop_of(target)
    lock = _locked(workshop)
    try:
        _recover(workshop, target)
        yield
    finally:
        _recover(workshop, target)
        workshop.rmdir()
        os.close(lock)


def _locked(workshop: Path) -> int:
    while True:
        with contextlib.suppress(FileExistsError):  # exist_ok would raise if its holder removed it in between
            workshop.mkdir()
        try:
            lock = os.open(workshop, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise BakeError(f"another run is at work in {workshop}; wait until it has ended") from error
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock), workshop.stat()):
                return lock
        os.close(lock)  # its holder removed it between our open and our lock


def _recover(workshop: Path, target: Path) -> None:
    """Empties the workshop; first puts an old checkpoint back that a killed run had moved out of the way."""
    old = workshop / "old"
    if old.exists() and not target.exists():
        old.rename(target)
    for leftover in workshop.iterdir():
        shutil.rmtree(leftover)


def _settle(folder: Path) -> None:
    """Makes the folder readable by all, whatever the umask (Lambda runs as another user), and durable on disk."""
    folder.chmod(0o755)
    for path in (*folder.iterdir(), folder):
        if path.is_file():
            path.chmod(0o644)
        handle = os.open(path, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def _replace(new: Path, target: Path, swap: Callable[[Path, Path], bool]) -> None:
    if target.exists() and swap(new, target):
        return
    try:
        if target.exists():
            target.rename(new.with_name("old"))
        new.rename(target)
    except OSError as error:  # EXDEV in a lower layer of an image, EBUSY for a mount point
        raise BakeError(f"cannot replace {target} ({error.strerror}); bake into another --target") from error
