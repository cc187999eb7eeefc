"""The page and its headers. It is sent as one file, whose scripts and style the security policy allows by hash."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from string import Template
from typing import NamedTuple

from agnews.api.forms import MARKUP
from agnews.api.placeholders import AROUND, BRACKETED, PATTERN, PLACEHOLDERS
from agnews.labels import LABELS
from agnews.settings import RECOMMENDED_MIN_SCORE

FOLDER = Path(__file__).parent / "static"
NAMED_LABELS = 6
"""Of more labels, the page's title and first sentence say how many there are."""
ABOUT = (
    "<p>For English news headlines. The training news is of 2004, 2005 and 2014 to 2023. The terms of the older part "
    "allow non-commercial use only; that includes weights trained on it.</p>"
)
"""What holds for checkpoints with AG News' labels."""


class Page(NamedTuple):
    """The page for some labels."""

    body: bytes
    headers: Mapping[str, str]


@lru_cache(maxsize=1)
def page_for(labels: tuple[str, ...]) -> Page:
    """Return the page for a checkpoint's labels: page.html, with the style and the scripts that it names."""
    few = len(labels) <= NAMED_LABELS
    named = f"{', '.join(labels[:-1])} or {labels[-1]}" if few else f"one of {len(labels)} topics"
    values = {
        "title": escape(", ".join(labels)) if few else str(len(labels)),
        "topics": escape(named),
        "lede": escape(named if few else named.capitalize()),
        "about": ABOUT if labels == LABELS else "",
        "constants": _constants(labels),
    }
    page = Template(_content("page.html")).substitute(values)
    page = re.sub(r'<link rel="stylesheet" href="(.+)">', lambda name: f"<style>\n{_content(name[1])}</style>", page)
    page = re.sub(r'<script src="(.+)"></script>', lambda name: f"<script>\n{_content(name[1])}</script>", page)
    return Page(page.encode(), _headers(page))


def _content(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _constants(labels: tuple[str, ...]) -> str:
    """Return what the scripts share with Python, as a script."""
    constants = {
        "LABELS": labels,
        "AROUND": AROUND,
        "BRACKETED": sorted(BRACKETED),
        "MARKUP": sorted(MARKUP),
        "PATTERN": PATTERN,
        "PLACEHOLDERS": sorted(PLACEHOLDERS),
        "RECOMMENDED_MIN_SCORE": RECOMMENDED_MIN_SCORE if labels == LABELS else None,  # measured with these labels only
    }
    lines = (f"const {name} = {json.dumps(value)};\n" for name, value in constants.items())
    return "".join(lines).replace("<", "\\u003c")  # so that no label ends the script


def _headers(page: str) -> Mapping[str, str]:
    return {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": (
            f"default-src 'none'; script-src {_hashes(page, 'script')}; style-src {_hashes(page, 'style')}; "
            "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "referrer-policy": "no-referrer",
        "cache-control": "no-cache",
    }


def _hashes(page: str, tag: str) -> str:
    """Return the policy sources that allow the page's own <script> or <style> and nothing else."""
    contents = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    digests = (hashlib.sha256(content.encode()).digest() for content in contents)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)
