"""Requirements are pinned, and what is compiled from them is pinned by hash."""

import re
from pathlib import Path

import pytest

from tests.support.requirement import ROOT

COMPILED = sorted((ROOT / "requirements").glob("*.txt"))
WITHOUT_HASHES = {"torch"}
"""Its CPU build has other hashes on each index."""


def pins(path: Path) -> set[str]:
    """Return the `name==version` of a file's requirements, without extras, hashes and markers."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return {re.sub(r"\[.*?\]", "", line).split()[0] for line in lines if re.match(r"\w", line)}


@pytest.mark.parametrize("path", COMPILED, ids=lambda path: path.stem)
def test_every_package_is_pinned_by_hash(path: Path) -> None:
    text = re.sub(r"\\\n", "", path.read_text(encoding="utf-8"))
    requirements = [line for line in text.splitlines() if line and not re.match(r"\s*#", line)]
    assert requirements
    assert [line for line in requirements if not re.match(r"\S+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []


@pytest.mark.parametrize("path", [path for path in COMPILED if path.stem != "emulator"], ids=lambda path: path.stem)
def test_what_is_asked_for_is_what_was_compiled(path: Path) -> None:
    missing = pins(path.with_suffix(".in")) - pins(path)
    assert {pin.partition("==")[0] for pin in missing} <= WITHOUT_HASHES
