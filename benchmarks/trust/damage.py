"""Damaged copies of model_cache/: each is refused in one line with the file and what to do, or answers as before."""

import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from agnews.model.checkpoint import FILES, MANIFEST, sha256
from agnews.settings import Settings
from benchmarks.trust.ledger import ROOT, Outcome, Part
from benchmarks.trust.strategies import paths, replaced

CACHE = Settings().model_dir
NAMES = FILES["onnx"]
PATIENCE_S = 120
NUMBERS: tuple[Any, ...] = (None, True, -1, 0, 1e-300, 1e999, 10**400, "7", [], {}, "\ud800")
"""What the manifest may hold instead of a value."""

Damage = Callable[[Path, random.Random], str]
"""Damages a folder, and returns how."""


def truncate(folder: Path, chance: random.Random) -> str:
    """Cut the end off a file."""
    path, content = _own(folder, chance.choice((*NAMES, MANIFEST)))
    path.write_bytes(content[: chance.choice((0, 1, chance.randrange(len(content))))])
    return f"{path.name} is cut off"


def flip(folder: Path, chance: random.Random) -> str:
    """Change one bit of a file."""
    path, content = _own(folder, chance.choice((*NAMES, MANIFEST)))
    changed = bytearray(content)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    path.write_bytes(changed)
    return f"{path.name} has another bit"


def flip_and_hash(folder: Path, chance: random.Random) -> str:
    """Change a few bytes, or cut the end off, and put the right hash into the manifest."""
    path, content = _own(folder, chance.choice(NAMES))
    changed = bytearray(content)
    for _ in range(chance.randint(1, 40)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    path.write_bytes(changed if chance.random() < 0.7 else changed[: chance.choice((0, len(changed) // 2))])
    _, manifest = _own(folder, MANIFEST)
    facts = json.loads(manifest)
    facts["files"][path.name] = {"sha256": sha256(path), "bytes": path.stat().st_size}
    (folder / MANIFEST).write_text(json.dumps(facts), encoding="utf-8")
    return f"{path.name} has other bytes and the right hash"


def remove(folder: Path, chance: random.Random) -> str:
    """Remove a file."""
    path = folder / chance.choice((*NAMES, MANIFEST))
    path.unlink()
    return f"{path.name} is missing"


def pipe(folder: Path, chance: random.Random) -> str:
    """Put a pipe or a folder in the place of a file."""
    path = folder / chance.choice((*NAMES, MANIFEST))
    path.unlink()
    make: Callable[[Path], None] = chance.choice((os.mkfifo, os.mkdir))
    make(path)
    return f"{path.name} is no file ({make.__name__})"


def exchange(folder: Path, chance: random.Random) -> str:
    """Put one file in the place of another."""
    path, other = chance.sample((*NAMES, MANIFEST), 2)
    (folder / path).unlink()
    (folder / path).symlink_to(CACHE / other)
    return f"{path} is {other}"


def misstate(folder: Path, chance: random.Random) -> str:
    """Put another value into the manifest."""
    path, content = _own(folder, MANIFEST)
    manifest = json.loads(content)
    place, value = chance.choice(list(paths(manifest))), chance.choice(NUMBERS)
    path.write_text(json.dumps(replaced(manifest, place, value)), encoding="utf-8")
    return f"{MANIFEST} has {value!r} at {place}"


DAMAGES: tuple[Damage, ...] = (truncate, flip, flip_and_hash, remove, pipe, exchange, misstate)
HARMLESS = (flip, flip_and_hash, misstate)
"""Damages after which an answer is in order: a value that is not used, weights that were hashed anew."""


def _own(folder: Path, name: str) -> tuple[Path, bytes]:
    """Return the path of a file that is the folder's own, no longer a link, and its content."""
    path = folder / name
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    return path, content


def damaged(number: int, inputs: int) -> Outcome:
    """Classify a headline with so many damaged copies."""
    chance = random.Random(number)
    failures = []
    for count in range(inputs):
        damage = DAMAGES[(number + count) % len(DAMAGES)]
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file in (*NAMES, MANIFEST):
                (folder / file).symlink_to(CACHE / file)
            how = damage(folder, chance)
            problem = problem_with(folder, damage in HARMLESS)
        if problem:
            failures.append(f"{how}: {problem}")
    return Outcome(inputs, faults=inputs, failures=tuple(failures))


def problem_with(folder: Path, may_answer: bool) -> str:
    """Return what is wrong with how `agnews classify` ends with this folder; empty if nothing is."""
    command = [sys.executable, "-m", "agnews", "classify", "--format", "jsonl", "Oil prices climb"]
    settings = os.environ | {"AGNEWS_MODEL_DIR": str(folder), "AGNEWS_WORKERS": "1"}
    try:
        done = subprocess.run(  # noqa: S603
            command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return f"no end after {PATIENCE_S} s"
    if done.returncode == 0 and not done.stderr:
        return "" if may_answer else f"it answered {done.stdout}"
    in_a_line = done.returncode == 2 and len(done.stderr.splitlines()) == 1
    if in_a_line and str(folder) in done.stderr and ";" in done.stderr:
        return ""
    return f"exit status {done.returncode}, {done.stderr}"


PART = Part("damage", "damaged copies of model_cache/", 400, 20, damaged)
