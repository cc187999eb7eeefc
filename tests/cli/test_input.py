"""What `agnews classify` reads: headlines, a file, a pipe; and that it never writes over its input."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from agnews.cli.main import main
from tests.support.requirement import ROOT
from tests.support.texts import GOAL, OIL


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def pipe_in(content: bytes, monkeypatch: pytest.MonkeyPatch, stack: ExitStack) -> None:
    ours, theirs = os.pipe()
    os.write(theirs, content)
    os.close(theirs)
    monkeypatch.setattr(sys, "stdin", stack.enter_context(os.fdopen(ours)))


def test_a_lone_argument_that_is_a_file_is_read_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "in.csv", f"title,text\n{OIL},x\n".encode())
    assert main(["classify", "in.csv", "--format", "jsonl"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["text"] == OIL
    assert shown.err == "agnews: in.csv: the text is column 'title', not 'text'; --column chooses another\n"
    assert main(["classify", "in.csv", "--column", "text", "--format", "jsonl"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == "x"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gone.csv"], "cannot read gone.csv (No such file or directory)"),
        (["in.csv", OIL], "in.csv is a file; classify one file at a time: agnews classify in.csv"),
        (
            ["s3://news/in.csv"],
            "pipe it: aws s3 cp s3://news/in.csv - | agnews classify; or run it in AWS: agnews bulk",
        ),
        (['{"text": "Oil"}', "Goal"], "is JSON, not a headline"),
        (["--file", "s3://news/in.csv"], "aws s3 cp s3://news/in.csv - | agnews classify"),
        (["https://example.com/a"], "pipe it: curl -sSfL https://example.com/a | agnews classify"),
    ],
)
def test_what_is_no_headline_and_no_file_here_is_refused_with_what_to_do(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "in.csv", b"title\na\n")
    assert main(["classify", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_standard_input_is_one_headline_per_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with ExitStack() as stack:
        pipe_in(f"\ufeff{OIL}\r\n\r\n  \n{GOAL}".encode(), monkeypatch, stack)
        assert main(["classify", "--format", "jsonl"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["line"], row["text"], row["label"]) for row in rows] == [(1, OIL, "Business"), (4, GOAL, "Sports")]


@pytest.mark.parametrize(
    ("content", "arguments", "texts"),
    [
        (f"id,title\n1,{OIL}\n", [], [OIL]),
        (f'{{"title": "{OIL}"}}\n"{GOAL}"\n', ["--file", "-"], [OIL, GOAL]),
        (f'["{OIL}"]', ["-"], [OIL]),
        (f"\x1f\x8b{OIL}", ["--input-format", "txt", "--encoding", "latin-1"], None),
        (f"title\n{OIL}\n", ["--input-format", "csv"], [OIL]),
        (f"title\n{OIL}\n", ["--input-format", "txt"], ["title", OIL]),
        (f"title\n{OIL}\n", [], None),
        (f"id,kop\n1,{OIL}\n", ["--column", "kop", "--input-format", "csv"], [OIL]),
        (f"{OIL}, again\n{GOAL}; twice\n", [], [f"{OIL}, again", f"{GOAL}; twice"]),
        ("[Video] Oil\n{Live} Goal\n", [], ["[Video] Oil", "{Live} Goal"]),
    ],
)
def test_a_pipe_is_read_as_what_it_shows_or_refused(
    content: str,
    arguments: list[str],
    texts: list[str] | None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ExitStack() as stack:
        pipe_in(content.encode("latin-1"), monkeypatch, stack)
        status = main(["classify", "--format", "jsonl", *arguments])
    shown = capsys.readouterr()
    assert (status == 0, [json.loads(line)["text"] for line in shown.out.splitlines()]) == (
        texts is not None,
        texts or [],
    )
    assert texts is not None or "standard input " in shown.err


def test_a_closed_standard_input_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)  # what Python sets for `agnews classify <&-`
    assert main(["classify"]) == 2
    assert capsys.readouterr().err == "agnews: standard input is closed; give headlines as arguments or with --file\n"


def test_the_output_is_never_the_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "a.csv", f"title\n{OIL}\n".encode())
    (tmp_path / "link.csv").symlink_to(path)
    assert main(["classify", "--file", str(path), "--output", str(tmp_path / "link.csv")]) == 2
    assert "--output is the input" in capsys.readouterr().err
    assert path.read_bytes() == f"title\n{OIL}\n".encode()


@pytest.mark.parametrize("direction", ["--output in.csv < in.csv", "< in.csv >> in.csv", "in.csv >> in.csv"])
def test_a_file_is_never_written_while_it_is_read(direction: str, tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"title\n{OIL}\n", encoding="utf-8")
    command = f"{sys.executable} -m agnews classify --input-format csv {direction}"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert "is the input" in done.stderr
    assert (tmp_path / "in.csv").read_text(encoding="utf-8") == f"title\n{OIL}\n"


def test_a_process_substitution_is_read_as_a_file(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text(f"title,id\n{OIL},7\n", encoding="utf-8")
    command = f"{sys.executable} -m agnews classify --format jsonl --file <(cat {tmp_path / 'in.csv'})"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["id"] == "7"
