"""Rows to train on and rows to choose by, out of folders."""

import csv
from pathlib import Path

import pytest

from modeling import data
from modeling.errors import SourceError
from modeling.rows import Row, fingerprint, keys, split


def rows(count: int) -> list[Row]:
    return [
        Row(
            number % 4,
            {"title": f"title {number}", "full": f"title {number}: text {number}", "description": f"text {number}"},
        )
        for number in range(count)
    ]


def test_no_text_of_the_validation_rows_is_trained_on() -> None:
    copies = [
        Row(1, {"title": "Title 7!"}),
        Row(2, {"description": "text 31."}),
        Row(3, {"full": "TITLE 9, TEXT 9"}),
        Row(None, {"title": "title 11"}),
    ]
    training, validation = split([*rows(400), *copies], 100, seed=3)
    assert len(validation) == 40
    assert not keys(training) & keys(validation)
    assert keys(training) | keys(validation) == keys(rows(400))


@pytest.mark.parametrize(("most", "of_each"), [(0, 0), (2, 2), (10, 10), (1000, 12)])
def test_as_many_of_each_topic_are_held_out_and_at_most_a_tenth(most: int, of_each: int) -> None:
    training, validation = split(rows(480), most, seed=3)
    assert [sum(row.label == label for row in validation) for label in range(4)] == [of_each] * 4
    assert all((row in training) != (row in validation) for row in rows(480))


def test_rows_that_no_checkpoint_was_trained_on_are_held_out_first(monkeypatch: pytest.MonkeyPatch) -> None:
    unseen = [row for row in rows(480) if row.views["title"] in {"title 40", "title 77"}]
    monkeypatch.setattr("modeling.rows.HELD_OUT", {fingerprint(row) for row in unseen})
    for kept in (rows(480), [Row(row.label, {"full": row.views["full"]}) for row in rows(480)]):
        _, validation = split(kept, 2, seed=3)
        assert {row.views["full"] for row in unseen} < {row.views["full"] for row in validation}


def test_full_texts_are_held_out_where_no_row_has_a_title() -> None:
    full = [Row(number % 4, {"full": f"text {number}"}) for number in range(80)]
    training, validation = split(full, 2, seed=3)
    assert sorted(str(row.label) for row in validation) == ["0", "0", "1", "1", "2", "2", "3", "3"]
    assert keys(training) | keys(validation) == keys(full)


def test_a_tenth_is_held_out_where_few_rows_have_a_description() -> None:
    few = [*rows(8), *(Row(number % 4, {"title": f"bare {number}"}) for number in range(392))]
    training, validation = split(few, 100, seed=3)
    assert len(validation) == 40
    assert sum("full" in row.views for row in validation) == 8
    assert keys(training) | keys(validation) == keys(few)


def test_a_header_names_the_columns_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text(
        "Domain,headline,Label,description\n"
        "a.com,Cup final &amp; more,sports,Late goal\n"
        "b.com,Rain tomorrow,out:weather,\n"
    )
    assert data.read_csv(path) == [
        Row(
            1,
            {"title": "Cup final & more", "full": "Cup final & more Late goal", "description": "Late goal"},
            "a.com",
        ),
        Row(None, {"title": "Rain tomorrow"}, "b.com"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '"1","a","b"\n"5","a","b"\n',
            "train.csv:2: expected a class from 1 to 4 .* found 3 columns, the first of them '5'",
        ),
        ("label,headline\nWorld,a\nFilm,b\n", "train.csv:3: label 'Film' is none of World"),
        ("label,headline\nWorld,a,b\n", "train.csv:2: 3 columns below a header of 2"),
        ("label,body\nWorld,a\n", "train.csv:1: no column headline, title, text"),
    ],
)
def test_malformed_rows_are_reported_with_their_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text(text)
    with pytest.raises(SourceError, match=message):
        data.read_csv(path)


def test_a_field_beyond_the_csv_module_s_limit_is_reported_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("label,headline\nWorld," + "a" * 140)
    limit = csv.field_size_limit(100)  # process-wide: other modules raise it
    try:
        with pytest.raises(SourceError, match=r"train\.csv:2: field larger than field limit"):
            data.read_csv(path)
    finally:
        csv.field_size_limit(limit)


def test_a_file_as_spreadsheets_save_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text("Label,Headline\r\n World ,Talks\r\n\r\nOut:food,Pie\r\n\r\n", encoding="utf-8-sig", newline="")
    assert data.read_csv(path) == [Row(0, {"title": "Talks"}), Row(None, {"title": "Pie"})]


def test_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("label,headline\nWorld,Café\n", encoding="latin-1")
    with pytest.raises(SourceError, match=r"train\.csv is not UTF-8 .* save it as UTF-8"):
        data.read_csv(tmp_path / "train.csv")


def test_rows_of_the_test_split_are_left_out_of_training(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text('"1","Seen","b"\n"2","New","c"\n"3","SEEN!","title"\n')
    (tmp_path / "test.csv").write_text('"1","Seen","d"\n')
    folder = data.read_folder(tmp_path)
    assert [row.views["title"] for row in folder.training] == ["New"]
    assert folder.notes[0].endswith("train.csv: 3 rows, 2 left out as also in test or dev")


def test_dev_rows_choose_and_are_not_trained_on(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("label,headline\nWorld,Talks resume\nout:food,Pie\nSports,Cup\n")
    (tmp_path / "dev.csv").write_text("label,headline,domain\nWorld,Talks resume!,c.com\n")
    folder = data.read(str(tmp_path))
    assert [row.views["title"] for row in folder.training] == ["Pie", "Cup"]
    assert [(row.views["title"], row.outlet) for row in folder.validation] == [("Talks resume!", "c.com")]


@pytest.mark.parametrize(
    ("training", "dev", "message"),
    [
        (None, None, r"no train\*\.csv in"),
        ("", None, "has 0 rows with a topic to train on and 0 to choose"),
        ("World,a\n", None, "has 1 rows with a topic to train on and 0 to choose"),
        ("out:food,Pie\n", "World,a\n", "has 0 rows with a topic to train on and 1 to choose"),
        ("World,a\n", "out:food,Pie\n", "has 1 rows with a topic to train on and 0 to choose"),
    ],
)
def test_too_few_rows_are_refused(tmp_path: Path, training: str | None, dev: str | None, message: str) -> None:
    for name, lines in (("train", training), ("dev", dev)):
        if lines is not None:
            (tmp_path / f"{name}.csv").write_text(f"label,headline\n{lines}")
    with pytest.raises(SourceError, match=message):
        data.read_all([str(tmp_path)])


def test_outlets_whose_rows_have_no_title_to_measure_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    full = [Row(0, {"full": "Talks resume"}, "a.com")]
    monkeypatch.setattr(data, "read", lambda source, _: data.Data(source, full, full, []))
    with pytest.raises(SourceError, match="news names outlets, so only titles are measured"):
        data.read_all(["news"])


def test_a_text_that_is_a_column_s_name_makes_no_header(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text('"3","Label","description"\n"4","label","title"\n')
    assert data.read_csv(tmp_path / "train.csv") == [
        Row(2, {"description": "Label"}),
        Row(3, {"title": "label"}),
    ]


def test_a_file_is_not_taken_for_a_data_set_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("news").mkdir()
    Path("news/train.csv").write_text("label,headline\n")
    with pytest.raises(SourceError, match=r"news/train\.csv has no row with a text and a topic"):
        data.read("news/train.csv")


def test_two_folders_of_one_name_are_refused(tmp_path: Path) -> None:
    for parent in ("a", "b"):
        (tmp_path / parent / "news").mkdir(parents=True)
        (tmp_path / parent / "news" / "train.csv").write_text("label,headline\nWorld,Talks\n")
        (tmp_path / parent / "news" / "dev.csv").write_text("label,headline\nWorld,Flood\n")
    with pytest.raises(SourceError, match="two sources are called news"):
        data.read_all([str(tmp_path / "a" / "news"), str(tmp_path / "b" / "news")])
