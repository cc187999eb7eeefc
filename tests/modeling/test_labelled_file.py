"""Rows and labels out of one file with a column of each."""

import csv
from pathlib import Path

import pytest

from agnews.errors import InputError
from agnews.labels import LABELS
from modeling import data, labelled_file
from modeling.errors import SourceError
from modeling.labelled_file import USUAL, FileColumns
from modeling.rows import keys

SECTIONS = FileColumns("section", "headline")


def lines(label: str, count: int) -> str:
    return "".join(f"{label},{label} number {number}\n" for number in range(count))


def written(folder: Path, content: str, name: str = "news.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text("section,headline\n" + content, encoding=encoding)
    return path


def test_labels_are_the_file_s_in_alphabetical_order(tmp_path: Path) -> None:
    path = written(tmp_path, lines("wine", 50) + lines("Opera", 50) + lines("chess", 51))
    labels, rows, note = labelled_file.read(path, SECTIONS)
    assert labels == ("chess", "Opera", "wine")
    assert [rows[0].label, rows[60].label, rows[-1].label] == [2, 1, 0]
    assert rows[0].views == {"full": "wine number 0"}
    assert note == f"{path}: 151 rows, 3 labels"


def test_ag_news_topics_keep_ag_news_order(tmp_path: Path) -> None:
    path = written(tmp_path, "".join(lines(label, 50) for label in sorted(LABELS)))
    assert labelled_file.read(path, SECTIONS)[0] == LABELS


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    faults = 'a,A number 7!\n,none\nb,\nb,N/A\na,torn\nb,"TORN"\na,one,two\na,"&lt;b&gt;Bold&lt;/b&gt;"\n'
    path = written(tmp_path, lines("a", 50) + lines("b", 50) + faults)
    _, rows, note = labelled_file.read(path, SECTIONS)
    assert rows[-1].views == {"full": "Bold"}
    for reason in (
        "1 left out: the same text again",
        "3 left out: without a label or a text",
        "a text with several labels",
    ):
        assert reason in note
    assert "1 left out: unreadable or of another width than the header (line 108:" in note
    assert len(rows) == 101


def test_rows_about_none_of_the_topics_are_read_as_such(tmp_path: Path) -> None:
    labels, rows, _ = labelled_file.read(
        written(tmp_path, lines("a", 50) + lines("b", 50) + lines("out:ads", 3)), SECTIONS
    )
    assert labels == ("a", "b")
    assert [row.label for row in rows[-4:]] == [1, None, None, None]


def test_tabs_another_encoding_and_usual_column_names_are_read(tmp_path: Path) -> None:
    content = "Category\tTitle\n" + "".join(f"{label}\tMünchen {label} {n}\n" for label in "ab" for n in range(50))
    (tmp_path / "news.tsv").write_text(content, encoding="cp1252")
    labels, rows, _ = labelled_file.read(tmp_path / "news.tsv", FileColumns(encoding="cp1252"))
    assert labels == ("a", "b")
    assert rows[0].views == {"full": "München a 0"}


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (USUAL, "has no column label or class or class index or topic or category; name one of 'section', 'headline'"),
        (FileColumns("sektion", "headline"), "has no column 'sektion'; its columns are .* name one with --label-col"),
        (FileColumns("section", "body"), "has no column 'body'; its columns are .* name one with --text-column"),
    ],
)
def test_a_missing_column_is_named_with_its_option(columns: FileColumns, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        labelled_file.read(written(tmp_path, lines("a", 50)), columns)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "has no row with a text and a topic$"),
        (lines("out:a", 50), "has no row with a text and a topic$"),
        (",a\nb,c,d\n", "has no row with a text and a topic; 1 left out: without .* 1 left out: unreadable .*line 3"),
        (lines("a", 50), "found 1 label, expected 2 to 100. Correct them$"),
        (2 * lines("a", 50), "found 1 label, expected 2 to 100; 50 left out: the same text again. Correct them$"),
        (5 * lines("a", 10) + lines("b", 50), r"1 of its 2 labels: a \(10\); 40 left out: the same text again\. Add"),
        (lines("a", 50) + "".join(f"A ,other {n}\n" for n in range(50)), "the label .* appears twice"),
        (lines("a", 50) + lines("b" * 65, 50), "has 65 characters; at most 64"),
        (
            lines("a", 50) + lines("b", 49) + lines("c", 9),
            r"50 rows of 2 of its 3 labels: c \(9\), b \(49\)\. Add rows",
        ),
    ],
)
def test_labels_that_cannot_be_trained_are_refused(content: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=message):
        labelled_file.read(written(tmp_path, content), SECTIONS)


def test_a_tenth_of_each_label_and_at_least_five_rows_are_held_out(tmp_path: Path) -> None:
    path = written(tmp_path, lines("a", 50) + lines("b", 90))
    first, again = (data.read(str(path), SECTIONS) for _ in range(2))
    assert first == again
    assert [row.label for row in first.validation] == [0] * 5 + [1] * 9
    assert not keys(first.training) & keys(first.validation)
    assert len(first.training) == 126


@pytest.mark.parametrize(("rows", "held_out"), [(9, 0), (30, 3)])
def test_a_tenth_of_the_rows_about_none_of_the_topics_is_held_out(rows: int, held_out: int, tmp_path: Path) -> None:
    path = written(tmp_path, lines("a", 50) + lines("b", 50) + lines("out:c", rows))
    read = data.read(str(path), SECTIONS)
    assert [row.label for row in read.validation] == [0] * 5 + [1] * 5 + [None] * held_out


def test_held_out_rows_are_written_with_their_labels(tmp_path: Path) -> None:
    _, rows, _ = labelled_file.read(
        written(tmp_path, lines('a "b"', 50) + lines("c", 50) + lines("out:d", 1)), SECTIONS
    )
    labelled_file.write(tmp_path / "held_out.csv", rows, ('a "b"', "c"))
    with (tmp_path / "held_out.csv").open(newline="") as file:
        read = list(csv.reader(file))
    assert read[:2] == [["label", "text"], ['a "b"', 'a "b" number 0']]
    assert read[101:] == [["out:none", "out:d number 0"]]


def test_columns_named_for_a_folder_and_other_labels_beside_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="columns and an encoding go with a file"):
        data.read(str(tmp_path), SECTIONS)
    paths = [written(tmp_path, lines("a", 50) + lines(other, 50), f"{other}.csv") for other in "bc"]
    with pytest.raises(SourceError, match=r"c\.csv has other labels than b\.csv"):
        data.read_all([str(path) for path in paths], SECTIONS)
