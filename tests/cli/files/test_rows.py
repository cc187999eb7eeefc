"""Lines, CSV records and chunks of rows, from files and pipes."""

import csv
import io
import os
import random

import pytest

from agnews.cli.classify import CHUNK_BYTES, row_chunks
from agnews.cli.files.lines import MAX_LINE_BYTES, csv_records, read_lines
from agnews.cli.files.pipe import PipeReader
from agnews.cli.files.rows import InputRow


def test_chunks_end_by_rows_or_by_bytes() -> None:
    small = [InputRow(number, "a", end=2 * number) for number in range(1, 6)]
    assert [len(chunk) for chunk in row_chunks(small, max_rows=2)] == [2, 2, 1]
    large = [InputRow(number, "a", end=CHUNK_BYTES // 2 * number) for number in range(1, 6)]
    assert [len(chunk) for chunk in row_chunks(large)] == [2, 2, 1]
    assert list(row_chunks([])) == []
    assert [len(chunk) for chunk in row_chunks(small, lambda: True)] == [1, 1, 1, 1, 1]


def test_a_pipe_s_lines_are_those_of_a_file_whatever_arrives_together() -> None:
    ours, theirs = os.pipe()
    pipe = PipeReader(ours, MAX_LINE_BYTES)
    assert pipe.idle()
    os.write(theirs, b"one\ntw")
    assert not pipe.idle()
    assert pipe.readline(10) == b"one\n"
    assert pipe.idle()
    os.write(theirs, b"o\n\nthree, which is long")
    os.close(theirs)
    lines = [pipe.readline(10) for _ in range(6)]
    assert lines == [b"two\n", b"\n", b"three, whi", b"ch is long", b"", b""]
    assert not pipe.idle()
    os.close(ours)


def test_no_more_of_a_pipe_s_endless_line_is_held_than_asked_for() -> None:
    ours, theirs = os.pipe()
    pipe = PipeReader(ours, 1000)
    os.write(theirs, b"x" * 50_000)
    assert not pipe.idle()
    os.write(theirs, b"y" * 10_000)
    assert not pipe.idle()
    assert pipe.readline(1000) == b"x" * 1000
    rest = b"".join(pipe.readline(1000) for _ in range(59))
    assert rest == b"x" * 49_000 + b"y" * 10_000
    os.close(theirs)
    assert pipe.readline(1000) == b""
    os.close(ours)


def test_csv_records_are_those_of_the_standard_library() -> None:
    chance = random.Random(7)
    fields = ["", "a", "a b", 'say "no"', "x,y", "two\nlines", "three\r\n\n", " lead", "é⚽", '"']
    table = [[chance.choice(fields) for _ in range(3)] for _ in range(500)]
    for ending in ("\n", "\r\n"):
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator=ending).writerows(table)
        parsed = [cells for cells, _ in csv_records(read_lines(io.BytesIO(text.getvalue().encode())))]
        assert parsed == table


@pytest.mark.parametrize(
    ("length", "refused"), [(MAX_LINE_BYTES - 1, False), (MAX_LINE_BYTES, True), (3 * MAX_LINE_BYTES, True)]
)
def test_a_line_that_is_too_long_costs_only_itself(length: int, refused: bool) -> None:
    first, second = read_lines(io.BytesIO(b"x" * length + b"\nnext\n"))
    assert (first.error is not None, first.end) == (refused, length + 1)
    assert (second.number, second.text, second.error) == (2, "next\n", None)


def test_any_bytes_are_read_as_rows_or_as_errors() -> None:
    chance = random.Random(11)
    parts = [b'"', b",", b"\n", b"\r\n", b"a", b"\xff", b"\0", b"\r", "é".encode(), b'""', b"title"]
    for _ in range(2_000):
        content = b"".join(chance.choices(parts, k=30))
        records = list(csv_records(read_lines(io.BytesIO(content))))
        assert [line.number for _, line in records] == sorted({line.number for _, line in records})
        assert all(line.end <= len(content) for _, line in records)
