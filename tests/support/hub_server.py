"""As much of the Hugging Face Hub as huggingface_hub needs to resolve a revision and download files, on 127.0.0.1."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

LARGE = (".safetensors", ".bin", ".parquet")
"""Kept in LFS, so announced by sha256 and served from elsewhere, as on the real hub."""


@dataclass
class Repository:
    """A folder, and how the hub misbehaves for it."""

    folder: Path
    commit: str = "a" * 40
    refs: tuple[str, ...] = ("main",)
    gated: bool = False
    token: str | None = None
    """What a private repository requires."""
    status: int = 200
    """Of every answer; 200 for normal answers."""
    altered: set[str] = field(default_factory=set)
    """Files that arrive with a byte changed."""
    lost: set[str] = field(default_factory=set)
    """Files that are listed, but not there."""
    broken: set[str] = field(default_factory=set)
    """Files whose download breaks off half way, once."""


@dataclass
class Hub:
    """Repositories by ID (of data sets: datasets/ID), and the requests so far."""

    repositories: dict[str, Repository]
    url: str = ""
    requests: list[str] = field(default_factory=list)


@contextmanager
def serving(repositories: dict[str, Repository]) -> Iterator[Hub]:
    """Yield a hub that serves `repositories`, which may be changed meanwhile."""
    hub = Hub(repositories)

    class Handler(HubHandler):
        pass

    Handler.hub = hub
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield hub
        finally:
            server.shutdown()
            thread.join()


class HubHandler(BaseHTTPRequestHandler):
    """Routes: /api/models/ID[/revision/REV], /ID/resolve/REV/FILE, and /lfs/ID/FILE, to which the latter redirects.

    For data sets: /api/datasets/ID…, /datasets/ID/resolve/… and /lfs/datasets/ID/….
    """

    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        self.hub.requests.append(format % arguments)

    def do_HEAD(self) -> None:
        self._route()

    def do_GET(self) -> None:
        self._route()

    def _route(self) -> None:
        parts = [unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")]
        kind = parts.pop(0) if parts[0] in {"api", "lfs"} else "resolve"
        parts = parts[1:] if parts[:1] == ["models"] else parts
        size = 3 if parts[:1] == ["datasets"] else 2
        repo_id, parts = "/".join(parts[:size]), parts[size:]
        revision = parts[1] if len(parts) > 1 else "main"
        repository = self.hub.repositories.get(repo_id)
        if repository is None or not self._may_read(repository):
            self._refuse(401, "RepoNotFound")
        elif repository.gated:
            self._refuse(403, "GatedRepo")
        elif repository.status != 200:
            self._refuse(repository.status, "")
        elif kind == "lfs":
            self._send_file(repository, "/".join(parts))
        elif not self._knows(repository, revision):
            self._refuse(404, "RevisionNotFound")
        elif kind == "api":
            self._send(json.dumps(self._info(repo_id, repository)).encode(), {})
        else:
            self._resolve(repo_id, repository, "/".join(parts[2:]))

    def _may_read(self, repository: Repository) -> bool:
        return repository.token is None or self.headers["Authorization"] == f"Bearer {repository.token}"

    @staticmethod
    def _knows(repository: Repository, revision: str) -> bool:
        return revision in (repository.commit, *repository.refs)

    @staticmethod
    def _info(repo_id: str, repository: Repository) -> dict[str, object]:
        siblings = []
        for path in sorted(path for path in repository.folder.rglob("*") if path.is_file()):
            name = path.relative_to(repository.folder).as_posix()
            facts: dict[str, object] = {"rfilename": name, "size": path.stat().st_size, "blobId": git_hash(path)}
            if path.suffix in LARGE:
                facts["lfs"] = {"sha256": sha256(path), "size": path.stat().st_size, "pointerSize": 134}
            siblings.append(facts)
        return {"id": repo_id.removeprefix("datasets/"), "sha": repository.commit, "siblings": siblings}

    def _resolve(self, repo_id: str, repository: Repository, name: str) -> None:
        path = repository.folder / name
        if not path.exists() or name in repository.lost:
            self._refuse(404, "EntryNotFound", {"X-Repo-Commit": repository.commit})
        elif path.suffix in LARGE:
            headers = {
                "X-Repo-Commit": repository.commit,
                "X-Linked-Etag": f'"{sha256(path)}"',
                "X-Linked-Size": str(path.stat().st_size),
                "Location": f"{self.hub.url}/lfs/{repo_id}/{name}",
            }
            self._send(b"", headers, 302)
        else:
            self._send_file(repository, name)

    def _send_file(self, repository: Repository, name: str) -> None:
        path = repository.folder / name
        content = path.read_bytes()
        if name in repository.altered:
            content = content[:-1] + bytes([content[-1] ^ 1])
        headers = {"X-Repo-Commit": repository.commit, "ETag": f'"{git_hash(path)}"', "Accept-Ranges": "bytes"}
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        if name in repository.broken and self.command == "GET":
            repository.broken.remove(name)
            self._send(content[start:], headers, cut=True)
        else:
            self._send(content[start:], headers, 206 if start else 200)

    def _refuse(self, status: int, code: str, headers: dict[str, str] | None = None) -> None:
        error_code = {"X-Error-Code": code} if code else {}
        self._send(b'{"error": "refused"}', error_code | (headers or {}), status)

    def _send(self, content: bytes, headers: dict[str, str], status: int = 200, cut: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.close_connection = True


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def git_hash(path: Path) -> str:
    """Return the hash by which git names the file's content."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
