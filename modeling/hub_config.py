"""A hub checkpoint's config.json by the standard library alone, so that it is judged before anything is installed.

HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_OFFLINE work as in huggingface_hub. What goes wrong here is left to
modeling.hub, which explains it.
"""

import contextlib
import os
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

from modeling.config import NAME, parsed

ENDPOINT = "https://huggingface.co"
TIMEOUT_S = 10
MOST_BYTES = 1_000_000
_TRUE = frozenset({"1", "ON", "YES", "TRUE"})


def fetch(repo_id: str, revision: str) -> dict[str, Any] | None:
    """Return what the repository's config.json says; None if it cannot be had, or must not be asked for."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in _TRUE:
        return None
    endpoint = os.environ.get("HF_ENDPOINT", "").rstrip("/") or ENDPOINT
    url = f"{endpoint}/{quote(repo_id)}/resolve/{quote(revision, safe='')}/{NAME}"
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "agnews-lambda"})  # noqa: S310 # as the user set it
        token = _token()
        if token:
            request.add_unredirected_header("Authorization", f"Bearer {token}")  # never sent to another host
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 # nosec B310
            return parsed(answer.read(MOST_BYTES))
    except (OSError, ValueError):
        return None


def _token() -> str:
    """Return HF_TOKEN, or what `hf auth login` has saved; an empty string if there is neither."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    path = Path(os.environ.get("HF_TOKEN_PATH") or Path(home, "token")).expanduser()
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return os.environ.get("HF_TOKEN", "").strip() or path.read_text(encoding="utf-8").strip()
    return ""
