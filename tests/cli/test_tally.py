"""What a run counts and reports."""

import json
from pathlib import Path

import pytest

from agnews.cli.main import main
from tests.support.texts import OIL


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"\n \n", "a.txt has no headlines"),
        ("a.jsonl", b"", "a.jsonl has no headlines"),
        ("a.json", b"[]", "a.json has no headlines"),
        ("a.csv", b"id,Title\n", "a.csv has no headlines below its header 'id,Title'"),
    ],
)
def test_a_file_without_headlines_is_said(
    name: str, content: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / name, content)
    assert main(["classify", str(path), "--format", "jsonl"]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.endswith(f"{message}\n")


def test_only_twenty_bad_rows_are_reported_and_all_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "bad.jsonl", b'""\n' * 50)
    assert main(["classify", "--file", str(path), "--output", str(tmp_path / "out.csv")]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 23
    assert errors[20:22] == ["agnews: … and 30 more", "agnews: 50 of 50 rows could not be answered"]


def test_texts_that_were_damaged_before_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = (
        OIL,
        "Soci\ufffdt\ufffd G\ufffdn\ufffdrale",
        "SociÃ©tÃ© GÃ©nÃ©rale",
        "It â€œstaysâ€\x9d",
        "São Paulo – “Größte”",
    )
    path = written(tmp_path / "a.txt", "\n".join(lines).encode())
    assert main(["classify", "--file", str(path), "--format", "jsonl"]) == 0
    shown = capsys.readouterr()
    assert [json.loads(line)["text"] for line in shown.out.splitlines()] == list(lines)
    first, second, third = shown.err.splitlines()
    assert first.startswith("agnews: 1 of 5 texts have U+FFFD")
    assert second.startswith("agnews: 2 of 5 texts are UTF-8 that was read as Windows-1252")
    assert third.startswith("agnews: 3 of 5 texts are unlike English")
