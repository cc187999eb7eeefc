"""`agnews classify --file`: every form of file, bad rows, complete output or none, flat memory."""

import csv
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from agnews.api.columns import ColumnNames
from agnews.api.options import Options
from agnews.cli.classify import answer_rows
from agnews.cli.files.lines import MAX_LINE_BYTES
from agnews.cli.files.sources import open_source
from agnews.cli.main import main
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.requirement import ROOT
from tests.support.texts import GOAL, OIL

EXAMPLES = ROOT / "examples"


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def read_jsonl(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("form", ["txt", "csv", "jsonl"])
def test_the_examples_are_answered_in_order_and_kept(form: str, tmp_path: Path) -> None:
    titles = (EXAMPLES / "headlines.txt").read_text(encoding="utf-8").splitlines()
    assert main(["classify", "--file", str(EXAMPLES / f"headlines.{form}"), "--output", str(tmp_path / "out.csv")]) == 0
    rows = read_csv(tmp_path / "out.csv")
    assert [
        row.get("title", row.get("text", ""))[: len(title)] for row, title in zip(rows, titles, strict=True)
    ] == titles
    assert rows[6]["label"] == "Business"
    assert rows[4]["label"] == "Sports"
    assert all(0 < float(row["score"]) <= 1 and row["error"] == "" for row in rows)


def test_csv_keeps_its_own_columns_and_adds_the_answer(tmp_path: Path) -> None:
    path = written(tmp_path / "in.csv", f'id,Title,label,note\r\n7,"{OIL}",mine,"a ""b"", c"\r\n'.encode())
    arguments = ["classify", "--file", str(path), "--output", str(tmp_path / "out.csv"), "--top-k", "2"]
    assert main([*arguments, "--min-score", "0.01"]) == 0
    (row,) = read_csv(tmp_path / "out.csv")
    assert list(row) == [
        *("id", "Title", "label", "note", "agnews_label", "score", "truncated", "unfamiliar", "abstained"),
        *("score_World", "score_Sports", "score_Business", "score_Sci/Tech", "error"),
    ]
    assert (row["id"], row["Title"], row["label"], row["note"]) == ("7", OIL, "mine", 'a "b", c')
    assert (row["agnews_label"], row["truncated"], row["abstained"]) == ("Business", "false", "false")
    assert row["score_Business"] == row["score"]
    assert sum(row[name] != "" for name in row if name.startswith("score_")) == 2


def test_a_field_with_line_ends_is_written_so_that_any_reader_reads_it_back(tmp_path: Path) -> None:
    path = written(tmp_path / "in.csv", b'id,title\r\n1,"Oil\rprices"\r\n2,"Striker\nscores"\r\n3,"a\r\nb"\r\n')
    assert main(["classify", "--file", str(path), "--output", str(tmp_path / "out.csv")]) == 0
    content = (tmp_path / "out.csv").read_bytes()
    assert all(part in content for part in (b'1,"Oil\rprices",', b'2,"Striker\nscores",', b'3,"a\r\nb",'))
    assert content.replace(b"a\r\nb", b"").count(b"\r\n") == 0
    assert [row["title"] for row in read_csv(tmp_path / "out.csv")] == ["Oil\rprices", "Striker\nscores", "a\r\nb"]


def test_a_description_is_joined_and_an_id_handed_on(tmp_path: Path) -> None:
    path = written(tmp_path / "in.csv", f"nr,kop,tekst\n7,{GOAL},In extra time\n".encode())
    columns = ["--column", "kop", "--description-column", "tekst", "--id-column", "nr"]
    assert main(["classify", "--file", str(path), *columns, "--output", str(tmp_path / "out.jsonl")]) == 0
    (row,) = read_jsonl(tmp_path / "out.jsonl")
    assert (row["line"], row["id"], row["text"], row["label"]) == (2, "7", f"{GOAL} In extra time", "Sports")


BAD_CSV = (
    b"\xef\xbb\xbfid,title\r\n"
    b"2," + OIL.encode() + b"\r\n"
    b"3,\r\n"
    b"4,one,too many\r\n"
    b"5\r\n"
    b"\r\n"
    b'7,"quoted, with\r\nNASA telescope in its second line"\r\n'
    b'9,"a quote that is never closed\r\n'
    b"10," + GOAL.encode() + b"\r\n"
    b"11,\xff not UTF-8\r\n"
    b"12,a NUL\0 here\r\n"
    b'13,"quote"inside\r\n'
    b"14," + b"x" * 100_001 + b"\r\n"
    b'15,"' + OIL.encode() + b'"'
)
BAD_CSV_ERRORS = {
    3: "the text is empty",
    4: "the row has 3 fields, the header has 2",
    5: "the row has 1 fields, the header has 2",
    9: "the row is not valid CSV",
    11: "the line is not UTF-8 (byte 4 of it)",
    12: "the line contains a NUL byte",
    13: "the row is not valid CSV",
    14: "the text has 100,001 characters, at most 100,000",
}


def test_bad_csv_rows_are_reported_with_their_line_number_and_do_not_stop_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "bad.csv", BAD_CSV)
    assert main(["classify", "--file", str(path), "--output", str(tmp_path / "out.csv")]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert errors[-2:] == [
        "agnews: 8 of 12 rows could not be answered",
        f"agnews: 12 rows written to {tmp_path / 'out.csv'}",
    ]
    for line, (number, message) in zip(errors[:-2], BAD_CSV_ERRORS.items(), strict=True):
        assert line.startswith(f"agnews: {path}:{number}: ")
        assert message in line
    rows = read_csv(tmp_path / "out.csv")
    assert [row["id"] for row in rows if not row["error"]] == ["2", "7", "10", "15"]
    assert [row["label"] for row in rows if row["id"] in {"2", "10", "15"}] == ["Business", "Sports", "Business"]
    assert sum(row["error"].startswith(("InputError: ", "LimitError: ")) for row in rows) == 8


BAD_JSONL = [
    (json.dumps(OIL), None),
    ("", None),
    ('{"title": "' + GOAL + '", "id": 7}', None),
    ('{"title": ', "the line is not valid JSON (Expecting value at character "),
    ("[1]", "a text must be a string, found a list of 1"),
    ('{"text": "\\ud800"}', "a lone surrogate at character 0"),
    ("[" * 100_000, "a number is too long or the nesting too deep"),
    ("1" * 5_000, "a number is too long or the nesting too deep"),
    ('{"text": "", "id": 9}', "the text is empty"),
    ('{"other": "a"}', "no text: expected 'headline' or 'title' or 'text'; found keys 'other'"),
    ('"' + "x" * MAX_LINE_BYTES + '"', "the line is longer than 4,194,304 bytes"),
    ('"\\ud800"', "a lone surrogate at character 0"),
    (f'{{"text": "{OIL}", "id": "x"}}', None),
]


def test_bad_json_lines_are_reported_with_their_line_number_and_do_not_stop_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "bad.jsonl", "\n".join(line for line, _ in BAD_JSONL).encode())
    assert main(["classify", "--file", str(path), "--output", str(tmp_path / "out.jsonl")]) == 1
    errors = capsys.readouterr().err.splitlines()
    expected = [(number, message) for number, (_, message) in enumerate(BAD_JSONL, 1) if message]
    for line, (number, message) in zip(errors[:-2], expected, strict=True):
        assert line.startswith(f"agnews: {path}:{number}: ")
        assert message in line
    assert errors[-2] == "agnews: 9 of 12 rows could not be answered"
    rows = read_jsonl(tmp_path / "out.jsonl")
    assert [row["line"] for row in rows if "label" in row] == [1, 3, 13]
    assert [row.get("id") for row in rows if "id" in row] == [7, 9, "x"]
    assert rows[-2]["text"] == "\ud800"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "has no header (it is empty)"),
        (
            "a.csv",
            b"a,b\nc,d\n",
            "has no column 'headline' or 'title' or 'text'; its columns are 'a', 'b'; name one with --column",
        ),
        ("a.csv", b'"title\na\n', "has no header (the row is not valid CSV"),
        ("a.csv", b"\xff\nb\n", "has no header (the line is not UTF-8"),
    ],
)
def test_an_unusable_file_is_refused_with_the_reason(
    name: str, content: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / name, content)
    assert main(["classify", "--file", str(path), "--output", str(tmp_path / "out.csv")]) == 2
    assert message in capsys.readouterr().err


def test_a_named_column_that_is_missing_is_refused_with_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "a.csv", b"title,body\na,b\n")
    assert main(["classify", "--file", str(path), "--description-column", "text"]) == 2
    assert "a.csv has no column 'text'; its columns are 'title', 'body'" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_an_explanation_says_what_each_word_contributes(form: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", f"{OIL}\n{GOAL}\n".encode())
    output = tmp_path / f"out.{form}"
    assert main(["classify", str(path), "--explain", "--output", str(output)]) == 0
    first = (read_csv(output) if form == "csv" else read_jsonl(output))[0]
    if form == "csv":
        assert re.fullmatch(r"(\w+ [+-]\d\.\d{4} ?){7}", str(first["explanation"]))
    else:
        explanation = cast("list[dict[str, object]]", first["explanation"])
        assert [part["word"] for part in explanation] == OIL.split()


def test_a_file_of_one_headline_per_line_keeps_its_line_numbers(tmp_path: Path) -> None:
    path = written(tmp_path / "a.txt", f"\ufeff{OIL}\r\n\r\n \n\u2028 {GOAL}".encode())
    assert main(["classify", "--file", str(path), "--output", str(tmp_path / "out.csv")]) == 0
    rows = read_csv(tmp_path / "out.csv")
    assert [(row["line"], row["text"]) for row in rows] == [("1", OIL), ("4", f"\u2028 {GOAL}")]


def test_tabs_separate_the_fields_of_a_tsv_file(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tsv", f"id\theadline\n1\t{OIL}, again\n".encode())
    assert main(["classify", "--file", str(path), "--output", str(tmp_path / "out.jsonl")]) == 0
    assert [(row["id"], row["text"]) for row in read_jsonl(tmp_path / "out.jsonl")] == [("1", f"{OIL}, again")]


def test_rows_are_answered_as_the_classifier_answers_them(
    classifier: Classifier, settings: Settings, tmp_path: Path
) -> None:
    path = written(tmp_path / "a.txt", f"{OIL}\n{GOAL}\n{OIL}\n".encode())
    with open_source(path, ColumnNames()) as source:
        answered = answer_rows(list(source.rows), source.names, classifier, settings, Options())
    scores = [prediction.scores for prediction in classifier.classify([OIL, GOAL]) if prediction]
    assert [round(max(text_scores), 4) for text_scores in (scores[0], scores[1], scores[0])] == [
        row.answer["score"] for row in answered
    ]


def numbered_rows(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield f'{number},"Arsenal beat team {number % 5}"\n'.encode()


def peak_of(count: int, folder: Path) -> int:
    """Peak resident memory in KiB of a run over `count` rows of few distinct texts, in a process of its own."""
    path = folder / f"{count}.csv"
    with path.open("wb") as stream:
        stream.write(b"id,title\n")
        stream.writelines(numbered_rows(count))
    script = f"""
import resource, sys
from agnews.cli.main import main
code = main(["classify", "--file", {str(path)!r}, "--output", {str(path.with_suffix(".jsonl"))!r}])
sys.stdout.write(f"{{code}} {{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}}")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, cwd=ROOT)
    code, peak = done.stdout.split()
    assert code == b"0"
    with path.with_suffix(".jsonl").open("rb") as answers:
        assert sum(1 for _ in answers) == count
    return int(peak)


def test_twenty_times_the_rows_need_no_more_memory(tmp_path: Path) -> None:
    small, large = peak_of(2_000, tmp_path), peak_of(40_000, tmp_path)
    assert large - small < 8 * 1024  # 40,000 rows kept would be over 20 MiB
