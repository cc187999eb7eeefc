"""A hub checkpoint's config.json by the standard library alone, so that it is judged before anything is installed.

    python -m modeling.hub_config OWNER/NAME@REVISION ENGINE

HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_OFFLINE work as in huggingface_hub. What goes wrong here is left to
modeling.hub, which explains it; where its packages are missing, `judge_hub` has said what it was.
"""

import contextlib
import os
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from agnews.settings import ENGINES, EngineName
from modeling.config import NAME, judge, parsed
from modeling.errors import exit_on_error

ENDPOINT = "https://huggingface.co"
TIMEOUT_S = 10
MOST_BYTES = 1_000_000
_TRUE = frozenset({"1", "ON", "YES", "TRUE"})


def judge_hub(
    repo_id: str, revision: str, engines: Sequence[EngineName] = ENGINES, labels: Sequence[str] | None = None
) -> str | None:
    """Return why the repository's config.json cannot be had, if the hub does not give it.

    Raises:
        SourceError: it describes what cannot be baked.
    """
    try:
        facts = fetch(repo_id, revision)
    except OSError as error:
        reason = str(error).strip("<>")
        return (
            f"cannot get {repo_id} at {revision} from {_endpoint()} ({reason}), and there is no folder {repo_id}; "
            "check the spelling, HF_TOKEN and the connection"
        )
    if facts is not None:
        judge(facts, f"{repo_id} at {revision}", engines, labels)
    return None


def fetch(repo_id: str, revision: str) -> dict[str, Any] | None:
    """Return what the repository's config.json says; None if it is no JSON object, or must not be asked for.

    Raises:
        OSError: the hub cannot be reached, or does not give it.
    """
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in _TRUE:
        return None
    url = f"{_endpoint()}/{quote(repo_id)}/resolve/{quote(revision, safe='')}/{NAME}"
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "agnews-lambda"})  # noqa: S310 # as the user set it
        token = _token()
        if token:
            request.add_unredirected_header("Authorization", f"Bearer {token}")  # never sent to another host
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 # nosec B310
            return parsed(answer.read(MOST_BYTES))
    except ValueError:
        return None


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or ENDPOINT


def _token() -> str:
    """Return HF_TOKEN, or what `hf auth login` has saved; an empty string if there is neither."""
    home = os.environ.get("HF_HOME") or Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "huggingface")
    path = Path(os.environ.get("HF_TOKEN_PATH") or Path(home, "token")).expanduser()
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return os.environ.get("HF_TOKEN", "").strip() or path.read_text(encoding="utf-8").strip()
    return ""


@exit_on_error()
def main() -> None:
    """Run the command line that the module's docstring describes, for an image build."""
    source, engine = sys.argv[1:]
    repo_id, _, revision = source.partition("@")
    judge_hub(repo_id, revision or "main", [name for name in ENGINES if name == engine])


if __name__ == "__main__":
    main()
