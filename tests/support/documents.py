"""The documents as the tests read them: fenced examples, table rows, headings."""

import re
from pathlib import Path
from typing import NamedTuple

from tests.support.requirement import ROOT

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "MODEL_CARD.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
FENCE = re.compile(r"^```(\S+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """A fenced block: its document, language, the word after the language, and content."""

    path: Path
    language: str
    role: str
    content: str


def text_of(name: str) -> str:
    """Return the text of the document at this path in the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def examples(language: str) -> list[Example]:
    """Return all fenced blocks in this language, from all documents."""
    blocks = [Example(path, *block) for path in DOCUMENTS for block in FENCE.findall(path.read_text(encoding="utf-8"))]
    return [block for block in blocks if block.language == language]


def rows(name: str, heading: str) -> list[list[str]]:
    """Return the cells of the first table below this heading, without its header."""
    section = text_of(name).split(f"{heading}\n", 1)[1]
    lines = re.search(r"(?:^\|.*\n)+", section, re.MULTILINE)
    assert lines is not None
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[0].splitlines()[2:]]
