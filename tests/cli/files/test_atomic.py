"""Output files that are complete or absent."""

import errno
from pathlib import Path

import pytest

from agnews.cli.files.atomic import atomic_file
from agnews.errors import InputError


def test_a_failed_run_leaves_the_earlier_output(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"earlier")
    with pytest.raises(KeyboardInterrupt), atomic_file(path) as stream:
        stream.write("half")
        raise KeyboardInterrupt
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_bytes() == b"earlier"


def test_a_finished_run_replaces_the_earlier_output_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"earlier")
    path.chmod(0o600)
    with atomic_file(path) as stream:
        stream.write("whole")
        assert path.read_bytes() == b"earlier"
    assert path.read_bytes() == b"whole"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["out.csv"]


def test_a_full_disk_is_named_with_the_remedy_and_the_earlier_output_stays(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"earlier")
    with (
        pytest.raises(InputError, match=r"cannot write .*out\.csv \(No space left.*free some space"),
        atomic_file(path),
    ):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert path.read_bytes() == b"earlier"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_input_error_names_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is a directory"), atomic_file(tmp_path):
        pass
