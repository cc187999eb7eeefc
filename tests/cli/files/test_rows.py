"""Lines, CSV records and chunks of rows, from files and pipes."""

import csv
import io
import os
import random
import select
from collections.abc import Iterator

import pytest

from agnews.cli.classify import CHUNK_BYTES, row_chunks
from agnews.cli.files.lines import MAX_LINE_BYTES, Line, Lines, read_lines
from agnews.cli.files.records import csv_records
from agnews.cli.files.rows import InputRow

READ_BYTES = 32 * 1024


def lines_of(content: bytes) -> Iterator[Line]:
    return read_lines(io.BufferedReader(io.BytesIO(content)))


def test_chunks_end_by_rows_or_by_bytes() -> None:
    small = [InputRow(number, "a", end=2 * number) for number in range(1, 6)]
    assert [len(chunk) for chunk in row_chunks(small, max_rows=2)] == [2, 2, 1]
    large = [InputRow(number, "a", end=CHUNK_BYTES // 2 * number) for number in range(1, 6)]
    assert [len(chunk) for chunk in row_chunks(large)] == [2, 2, 1]
    assert list(row_chunks([])) == []
    assert [len(chunk) for chunk in row_chunks(small, lambda: True)] == [1, 1, 1, 1, 1]


def pipe_lines(descriptor: int) -> Lines:
    chunks = iter(lambda: os.read(descriptor, READ_BYTES), b"")
    return Lines(chunks, lambda: bool(select.select([descriptor], [], [], 0)[0]))


def test_a_pipe_s_lines_are_those_of_a_file_whatever_arrives_together() -> None:
    ours, theirs = os.pipe()
    lines = pipe_lines(ours)
    assert lines.idle()
    os.write(theirs, b"one\ntw")
    assert not lines.idle()
    assert next(lines).text == "one\n"
    assert lines.idle()
    os.write(theirs, b"o\n\nthree, which is long")
    os.close(theirs)
    assert [line.text for line in lines] == ["two\n", "\n", "three, which is long"]
    assert not lines.idle()
    os.close(ours)


def test_no_more_of_a_pipe_s_endless_line_is_held_than_a_line_may_have() -> None:
    ours, theirs = os.pipe()
    lines = pipe_lines(ours)
    part = b"x" * READ_BYTES
    for _ in range(2 * MAX_LINE_BYTES // READ_BYTES):
        os.write(theirs, part)
        assert lines.idle()
        assert len(lines._rest) <= MAX_LINE_BYTES
    os.write(theirs, b"\nnext")
    os.close(theirs)
    assert [(line.text, line.error is None) for line in lines] == [("", False), ("next", True)]
    os.close(ours)


def test_a_crlf_that_arrives_in_two_parts_ends_one_line() -> None:
    lines = Lines(iter([b"one\r", b"\ntwo\r", b"three\r"]))
    assert [(line.text, line.end) for line in lines] == [("one\r\n", 5), ("two\r", 9), ("three\r", 15)]


def test_csv_records_are_those_of_the_standard_library() -> None:
    chance = random.Random(7)
    fields = ["", "a", "a b", 'say "no"', "x,y", "two\nlines", "three\r\n\n", " lead", "é⚽", '"']
    table = [[chance.choice(fields) for _ in range(3)] for _ in range(500)]
    for ending in ("\n", "\r\n"):
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator=ending).writerows(table)
        parsed = [cells for cells, _ in csv_records(lines_of(text.getvalue().encode()))]
        assert parsed == table


@pytest.mark.parametrize(
    ("length", "refused"), [(MAX_LINE_BYTES - 1, False), (MAX_LINE_BYTES, True), (3 * MAX_LINE_BYTES, True)]
)
def test_a_line_that_is_too_long_costs_only_itself(length: int, refused: bool) -> None:
    first, second = lines_of(b"x" * length + b"\nnext\n")
    assert (first.error is not None, first.end) == (refused, length + 1)
    assert (second.number, second.text, second.error) == (2, "next\n", None)


def test_any_bytes_are_read_as_rows_or_as_errors() -> None:
    chance = random.Random(11)
    parts = [b'"', b",", b"\n", b"\r\n", b"a", b"\xff", b"\0", b"\r", "é".encode(), b'""', b"title"]
    for _ in range(2_000):
        content = b"".join(chance.choices(parts, k=30))
        records = list(csv_records(lines_of(content)))
        assert [line.number for _, line in records] == sorted({line.number for _, line in records})
        assert all(line.end <= len(content) for _, line in records)
