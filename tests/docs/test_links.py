"""Links between the documents, and to files, lead somewhere."""

import re
from pathlib import Path

import pytest

from tests.support.documents import DOCUMENTS
from tests.support.requirement import ROOT

LINK = re.compile(r"(?:\]\(|src=\")(?!https?:)([^)#\s\"]*)(?:#([^)\s]*))?[)\"]")
PICTURE = re.compile(r"(?:!\[[^]]*\]\(|src=\")([^)\"]+)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors(path: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a document."""
    headings = HEADING.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file_and_every_anchor_to_a_heading(path: Path) -> None:
    broken = []
    for target, anchor in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        file = (path.parent / target) if target else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(f"{target}#{anchor}")
    assert broken == []


def test_every_page_in_docs_is_listed_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "docs").glob("*.md"))]
    assert [page for page in pages if f"]({page})" not in readme] == []


def test_no_picture_is_shown_twice() -> None:
    pictures = [
        (path.parent / picture).resolve()
        for path in DOCUMENTS
        for picture in PICTURE.findall(path.read_text(encoding="utf-8"))
    ]
    assert pictures
    assert len(pictures) == len(set(pictures))
