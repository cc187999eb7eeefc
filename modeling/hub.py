"""Fetch files of a checkpoint or a data set from the Hugging Face Hub at a pinned commit, and check their hashes.

HF_ENDPOINT, HF_TOKEN, HF_HOME and HF_HUB_OFFLINE work as in huggingface_hub.
"""

import contextlib
import errno
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx2
from huggingface_hub import HfApi, constants, hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from agnews.model.checkpoint import sha256
from modeling.errors import SourceError

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""By preference: safetensors cannot hold anything but numbers."""

Kind = Literal["model", "dataset"]

_CALLED: dict[Kind, str] = {"model": "model", "dataset": "data set"}
_INSTEAD: dict[Kind, str] = {
    "model": "or bake from a folder: --source DIR",
    "dataset": "or give a folder with AG News' train*.csv instead",
}
_LANDMARK: dict[Kind, str] = {"model": "config.json", "dataset": "data/train-00000-of-00001.parquet"}
"""The file by which a cached commit is found where there is no network."""


@dataclass(frozen=True)
class Listing:
    """What a repository holds at one commit."""

    repo_id: str
    commit: str
    """All 40 digits, whatever branch or tag was asked for."""
    hashes: dict[str, str]
    """Each file's hash as the hub announces it: sha256 of large files (LFS), git's sha1 of others, or an empty one."""
    kind: Kind = "model"


def resolve(repo_id: str, revision: str, kind: Kind = "model") -> Listing:
    """Return the repository's files at `revision`, a branch, a tag or a commit.

    Raises:
        SourceError: no such repository or revision, no access, or no network. Each says what to do.
    """
    with explained(repo_id, revision, kind):
        if constants.HF_HUB_OFFLINE:
            return _cached(repo_id, revision, kind)
        request = HfApi().dataset_info if kind == "dataset" else HfApi().model_info
        info = request(repo_id, revision=revision, files_metadata=True)
    files = {file.rfilename: (file.lfs.sha256 if file.lfs else file.blob_id) or "" for file in info.siblings or ()}
    if not info.sha:
        raise SourceError(f"{constants.ENDPOINT} names no commit of {repo_id}; check HF_ENDPOINT, {_INSTEAD[kind]}")
    return Listing(repo_id, info.sha, files, kind)


def _cached(repo_id: str, revision: str, kind: Kind) -> Listing:
    """Return what an earlier run left in the hub's cache: links to blobs that are named by their hash."""
    name = _LANDMARK[kind]
    landmark = try_to_load_from_cache(repo_id, name, revision=revision, repo_type=kind)
    if not isinstance(landmark, str):
        raise OfflineModeIsEnabled
    snapshot = Path(landmark).parents[name.count("/")]
    paths = [path for path in snapshot.rglob("*") if path.is_file()]
    hashes = {path.relative_to(snapshot).as_posix(): path.resolve().name for path in paths}
    return Listing(repo_id, snapshot.name, hashes, kind)


def fetch(listing: Listing, into: Path) -> Path:
    """Download the files that a bake needs to `into` and return it. Shows a progress bar per file.

    Raises:
        SourceError: a needed file is missing or has another hash, or the connection or the disk failed.
    """
    for name in needed(listing):
        cached = download(listing, name)
        with explained(listing.repo_id, listing.commit, listing.kind, name):
            shutil.copyfile(cached, into / name)
    return into


def download(listing: Listing, name: str) -> Path:
    """Return where the hub's cache holds the listed file `name`, its hash checked. Raises as `fetch` does."""
    with explained(listing.repo_id, listing.commit, listing.kind, name):
        path = Path(hf_hub_download(listing.repo_id, name, revision=listing.commit, repo_type=listing.kind))
        _check(path, name, listing)
    return path


def needed(listing: Listing) -> list[str]:
    """Return the names of the files to download. Raises SourceError, which names what is missing and what there is."""
    names = listing.hashes
    weights = next((name for name in WEIGHTS if name in names), None)
    if weights is None and any(name.endswith(".index.json") for name in names):
        raise SourceError(f"{listing.repo_id} is split into shards; save it as one file and bake that: --source DIR")
    tokenizer = [name for name in ("tokenizer.json",) if name in names] or ["vocab.txt"]
    for missing, is_there in (
        ("config.json", "config.json" in names),
        (" or ".join(WEIGHTS), weights is not None),
        ("tokenizer.json or vocab.txt", tokenizer[0] in names),
    ):
        if not is_there:
            listed = ", ".join(sorted(names)[:12]) or "nothing"
            raise SourceError(
                f"{listing.repo_id} at {listing.commit[:12]} has no {missing} (it holds {listed}); "
                "choose another --revision or checkpoint"
            )
    if tokenizer == ["vocab.txt"] and "tokenizer_config.json" in names:
        tokenizer.append("tokenizer_config.json")
    return ["config.json", *tokenizer, str(weights)]


def _check(path: Path, name: str, listing: Listing) -> None:
    """Return if the file's hash is the announced one; else remove the file, so that another run downloads it again."""
    announced = listing.hashes[name] or path.resolve().name  # the cache names its files by X-Linked-Etag
    if re.fullmatch("[0-9a-f]{64}", announced):
        digest = sha256(path)
    elif re.fullmatch("[0-9a-f]{40}", announced):
        content_bytes = path.read_bytes()
        digest = hashlib.sha1(b"blob %d\0" % len(content_bytes) + content_bytes, usedforsecurity=False).hexdigest()
    else:
        return
    if digest != announced:
        path.resolve().unlink()
        raise SourceError(
            f"{name} of {listing.repo_id} arrived with hash {digest[:12]}…, the hub announced {announced[:12]}…; "
            "it was removed: run again, and if that repeats, do not trust this mirror or proxy (HF_ENDPOINT)"
        )


@contextlib.contextmanager
def explained(repo_id: str, revision: str, kind: Kind, name: str | None = None) -> Iterator[None]:
    """Turn what huggingface_hub raises into a SourceError that says what to do."""
    at, instead = f"{f'{name} of ' if name else ''}{repo_id} at {revision}", _INSTEAD[kind]
    no_folder = f" (there is no folder {repo_id})" if kind == "model" and name is None else ""
    try:
        yield
    except GatedRepoError as error:
        raise SourceError(f"{repo_id} is gated; accept its terms on the hub and set HF_TOKEN, {instead}") from error
    except RevisionNotFoundError as error:
        raise SourceError(f"{repo_id} has no revision {revision!r}; name a commit, branch or tag of it") from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise SourceError(
            f"the hub knows no {_CALLED[kind]} {repo_id!r}{no_folder}; check the spelling, set HF_TOKEN if it is "
            "private, or begin the name of a folder with ./"
        ) from error
    except OfflineModeIsEnabled as error:
        raise SourceError(f"{at} is not in the hub's cache and HF_HUB_OFFLINE is set; unset it, {instead}") from error
    except (HfHubHTTPError, EntryNotFoundError, httpx2.HTTPError, json.JSONDecodeError) as error:
        raise SourceError(_unreachable(at, instead + no_folder, error)) from error
    except OSError as error:
        raise SourceError(_unwritten(at, instead, error)) from error


def _unreachable(at: str, instead: str, error: Exception) -> str:
    cause = error.__cause__ if isinstance(error, EntryNotFoundError) and error.__cause__ else error
    response = getattr(cause, "response", None)
    if response is not None and response.status_code in {401, 403}:
        return f"the hub refuses {at} (HTTP {response.status_code}); check HF_TOKEN, {instead}"
    reason = f"HTTP {response.status_code}" if response is not None else f"{type(cause).__name__}: {cause}"
    return (
        f"cannot get {at} from {constants.ENDPOINT} ({reason.splitlines()[0]}); "
        f"check the connection or the proxy, {instead}"
    )


def _unwritten(at: str, instead: str, error: OSError) -> str:
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return f"no room for {at} in {constants.HF_HOME} ({error.strerror}); free some, or set HF_HOME to a larger disk"
    return f"cannot save {at} ({error}); run again, {instead}"
