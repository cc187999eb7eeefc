"""Output files that are complete or absent."""

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


def test_an_input_error_names_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is a directory"), atomic_file(tmp_path):
        pass
