"""The atomic replacement of a folder, with processes that are really killed."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from modeling.atomic_folder import check_target, exchange, staging, tidy, working_folder
from modeling.errors import BakeError
from tests.support.requirement import ROOT

PATIENCE_S = 60
NAMES = ("model.onnx", "tokenizer.json", "manifest.json")

WRITER = f"""
import sys, time
from pathlib import Path
from modeling.atomic_folder import exchange, staging
round = 0
while True:
    round += 1
    with staging(Path(sys.argv[1]), {{"one": exchange, "two": lambda *_: False}}[sys.argv[2]]) as new:
        for name in {NAMES!r}:
            (new / name).write_text(str(round) * 5000)
            time.sleep(0.002)
"""
"""Replaces a folder over and over: all files of a version hold the same text."""


def make(target: Path, text: str = "old") -> Path:
    target.mkdir()
    for name in NAMES:
        (target / name).write_text(text)
    return target


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def contents(target: Path) -> set[str]:
    assert sorted(path.name for path in target.iterdir()) == sorted(NAMES)
    return {path.read_text() for path in target.iterdir()}


def start(target: Path, way: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WRITER, str(target), way], cwd=ROOT)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("way", ["one", "two"])
def test_a_run_killed_at_any_moment_leaves_one_whole_version(tmp_path: Path, way: str) -> None:
    target = make(tmp_path / "cache")
    for attempt in range(12):
        process = start(target, way)
        while not working_folder(target).exists():
            time.sleep(0.001)
        time.sleep(random.Random(attempt).uniform(0, 0.06))
        kill(process)
        tidy(target)
        assert len(contents(target)) == 1
        assert not working_folder(target).exists()


def read_through(folder: int) -> set[tuple[str, str]]:
    """Name and content of each file of an open folder, as far as they are still there."""
    contents = set()
    for name in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError), open(name, opener=partial(os.open, dir_fd=folder)) as stream:
            contents.add((name, stream.read()))
    return contents


def test_a_reader_finds_one_whole_version_at_every_moment(tmp_path: Path) -> None:
    target = make(tmp_path / "cache")
    if not exchange(target, make(tmp_path / "other")):
        pytest.skip("this file system cannot exchange folders")
    versions: set[str] = set()
    process, end = start(target, "one"), time.monotonic() + PATIENCE_S
    try:
        while len(versions) < 20:
            assert time.monotonic() < end
            assert process.poll() is None
            folder = os.open(target, os.O_RDONLY | os.O_DIRECTORY)
            files = read_through(folder)
            current = os.path.samestat(os.fstat(folder), target.stat())
            os.close(folder)
            read = {text for _, text in files}
            assert len(read) <= 1, "files of two versions"
            if current:  # nobody had removed anything from it while it was read
                assert {name for name, _ in files} == set(NAMES)
                versions |= read
    finally:
        kill(process)


def test_what_was_moved_aside_comes_back_at_the_next_start(tmp_path: Path) -> None:
    target = make(tmp_path / "cache")
    working_folder(target).mkdir()
    target.rename(working_folder(target) / "old")
    tidy(target)
    assert contents(target) == {"old"}


def test_leftovers_of_a_killed_run_are_gone_after_the_next(tmp_path: Path) -> None:
    target = make(tmp_path / "cache")
    working_folder(target).mkdir()
    make(working_folder(target) / "new")
    with staging(target) as new:
        assert list(new.iterdir()) == []
        (new / "manifest.json").write_text(json.dumps({}))
    assert names(tmp_path) == ["cache"]
    assert names(target) == ["manifest.json"]


def test_a_failed_run_changes_nothing(tmp_path: Path) -> None:
    target = make(tmp_path / "cache")
    with pytest.raises(ZeroDivisionError), staging(target) as new:
        (new / "model.onnx").write_text("new")
        raise ZeroDivisionError
    assert contents(target) == {"old"}
    assert names(tmp_path) == ["cache"]


def test_a_second_run_at_the_same_time_is_refused(tmp_path: Path) -> None:
    target = make(tmp_path / "cache")
    with staging(target) as new:
        with pytest.raises(BakeError, match="another run is writing"), staging(target):
            pytest.fail("two runs at once")
        tidy(target)
        assert new.exists()
        (new / "manifest.json").write_text("new")
    assert (target / "manifest.json").read_text() == "new"


def test_many_runs_at_once_end_with_one_version_and_no_leftovers(tmp_path: Path) -> None:
    target = make(tmp_path / "cache")

    def write(version: str) -> None:
        for _ in range(20):
            try:
                with staging(target) as new:
                    for name in NAMES:
                        (new / name).write_text(version)
            except BakeError:
                time.sleep(0.001)

    threads = [threading.Thread(target=write, args=(str(number),)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(contents(target)) == 1
    assert names(tmp_path) == ["cache"]


def test_files_are_readable_by_all_whatever_the_umask(tmp_path: Path) -> None:
    target = tmp_path / "cache"
    before = os.umask(0o077)
    try:
        with staging(target) as new:
            (new / "model.onnx").touch(0o600)
    finally:
        os.umask(before)
    assert target.stat().st_mode & 0o777 == 0o755
    assert (target / "model.onnx").stat().st_mode & 0o777 == 0o644


def test_a_link_to_a_folder_stays_a_link(tmp_path: Path) -> None:
    target = make(tmp_path / "real")
    link = tmp_path / "link"
    link.symlink_to(target)
    with staging(link) as new:
        (new / "manifest.json").write_text("new")
    assert link.is_symlink()
    assert names(target) == ["manifest.json"]


def test_a_folder_with_other_files_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(BakeError, match=r"thesis\.tex.*choose another --target"):
        check_target(tmp_path)


def test_a_file_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "model_cache").touch()
    with pytest.raises(BakeError, match="is not a folder"):
        check_target(tmp_path / "model_cache")
