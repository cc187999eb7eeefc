"""The page and its headers. It is sent as one file, whose scripts and style the security policy allows by hash."""

import base64
import hashlib
import json
import re
from pathlib import Path

from agnews.api.placeholders import NUMBER, PLACEHOLDERS
from agnews.labels import LABELS
from agnews.settings import RECOMMENDED_MIN_SCORE

FOLDER = Path(__file__).parent
CONSTANTS = {
    "LABELS": LABELS,
    "NUMBER": NUMBER,
    "PLACEHOLDERS": sorted(PLACEHOLDERS),
    "RECOMMENDED_MIN_SCORE": RECOMMENDED_MIN_SCORE,
}
"""What the scripts share with Python."""


def _page() -> bytes:
    """Return page.html with files.js and the constants where it names that file."""
    constants = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in CONSTANTS.items())
    script = f"<script>\n{(FOLDER / 'files.js').read_text(encoding='utf-8')}\n{constants}</script>"
    page = (FOLDER / "page.html").read_text(encoding="utf-8")
    return page.replace('<script src="files.js"></script>', script).encode()


PAGE = _page()


def _hashes(tag: str) -> str:
    """Return the policy sources that allow the page's own <script> or <style> and nothing else."""
    contents = re.findall(rf"<{tag}>(.*?)</{tag}>".encode(), PAGE, re.DOTALL)
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}'" for content in contents)


HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": (
        f"default-src 'none'; script-src {_hashes('script')}; style-src {_hashes('style')}; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
}
