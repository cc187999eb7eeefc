"""Lines, records and chunks as they are read, and files that are written whole or not at all."""

import csv
import io
import os
import random
from pathlib import Path

import pytest

from agnews.cli.chunks import CHUNK_BYTES, chunks
from agnews.cli.files.arrivals import Arrivals
from agnews.cli.files.rows import LINE_BYTES, Row, read_lines, records
from agnews.cli.files.writers import replacing
from agnews.errors import InputError


def test_a_failed_run_leaves_the_earlier_output(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"earlier")
    with pytest.raises(KeyboardInterrupt), replacing(path) as stream:
        stream.write("half")
        raise KeyboardInterrupt
    assert [found.name for found in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_bytes() == b"earlier"


def test_a_finished_run_replaces_the_earlier_output_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"earlier")
    path.chmod(0o600)
    with replacing(path) as stream:
        stream.write("whole")
        assert path.read_bytes() == b"earlier"
    assert path.read_bytes() == b"whole"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [found.name for found in tmp_path.iterdir()] == ["out.csv"]


def test_chunks_end_by_rows_or_by_bytes() -> None:
    small = [Row(number, "a", end=2 * number) for number in range(1, 6)]
    assert [len(chunk) for chunk in chunks(small, most=2)] == [2, 2, 1]
    large = [Row(number, "a", end=CHUNK_BYTES // 2 * number) for number in range(1, 6)]
    assert [len(chunk) for chunk in chunks(large)] == [2, 2, 1]
    assert list(chunks([])) == []
    assert [len(chunk) for chunk in chunks(small, lambda: True)] == [1, 1, 1, 1, 1]


def test_a_pipe_s_lines_are_those_of_a_file_whatever_arrives_together() -> None:
    ours, theirs = os.pipe()
    arrivals = Arrivals(ours, LINE_BYTES)
    assert arrivals.idle()
    os.write(theirs, b"one\ntw")
    assert not arrivals.idle()
    assert arrivals.readline(10) == b"one\n"
    assert arrivals.idle()
    os.write(theirs, b"o\n\nthree, which is long")
    os.close(theirs)
    found = [arrivals.readline(10) for _ in range(6)]
    assert found == [b"two\n", b"\n", b"three, whi", b"ch is long", b"", b""]
    assert not arrivals.idle()
    os.close(ours)


def test_no_more_of_a_pipe_s_endless_line_is_held_than_asked_for() -> None:
    ours, theirs = os.pipe()
    arrivals = Arrivals(ours, 1000)
    os.write(theirs, b"x" * 50_000)
    assert not arrivals.idle()
    os.write(theirs, b"y" * 10_000)
    assert not arrivals.idle()
    assert arrivals.readline(1000) == b"x" * 1000
    found = b"".join(arrivals.readline(1000) for _ in range(59))
    assert found == b"x" * 49_000 + b"y" * 10_000
    os.close(theirs)
    assert arrivals.readline(1000) == b""
    os.close(ours)


def test_csv_records_are_those_of_the_standard_library() -> None:
    chance = random.Random(7)
    fields = ["", "a", "a b", 'say "no"', "x,y", "two\nlines", "three\r\n\n", " lead", "é⚽", '"']
    table = [[chance.choice(fields) for _ in range(3)] for _ in range(500)]
    for ending in ("\n", "\r\n"):
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator=ending).writerows(table)
        found = [cells for cells, _ in records(read_lines(io.BytesIO(text.getvalue().encode())))]
        assert found == table


@pytest.mark.parametrize(("length", "refused"), [(LINE_BYTES - 1, False), (LINE_BYTES, True), (3 * LINE_BYTES, True)])
def test_a_line_that_is_too_long_costs_only_itself(length: int, refused: bool) -> None:
    first, second = read_lines(io.BytesIO(b"x" * length + b"\nnext\n"))
    assert (first.error is not None, first.end) == (refused, length + 1)
    assert (second.number, second.text, second.error) == (2, "next\n", None)


def test_any_bytes_are_read_as_rows_or_as_errors() -> None:
    chance = random.Random(11)
    parts = [b'"', b",", b"\n", b"\r\n", b"a", b"\xff", b"\0", b"\r", "é".encode(), b'""', b"title"]
    for _ in range(2_000):
        content = b"".join(chance.choices(parts, k=30))
        found = list(records(read_lines(io.BytesIO(content))))
        assert [line.number for _, line in found] == sorted({line.number for _, line in found})
        assert all(line.end <= len(content) for _, line in found)


def test_an_input_error_names_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="it is a directory"), replacing(tmp_path):
        pass
