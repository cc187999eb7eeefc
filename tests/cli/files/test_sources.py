"""Files in every form that people have them in, as rows or as an error that says what to do."""

import json
from pathlib import Path

import pytest

from agnews.api.columns import ColumnNames
from agnews.api.request import read_item
from agnews.cli.files.forms import Form
from agnews.cli.files.lines import MAX_LINE_BYTES
from agnews.cli.files.rows import InputRow
from agnews.cli.files.sources import Reading, open_source
from agnews.errors import InputError
from agnews.settings import Settings
from tests.support.file_cases import ACCENTED, ACCENTS, FILE_CASES, PLAIN, REFUSED, ROWS, TEXTS, FileCase

NO_NAMES = ColumnNames()


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows_of(path: Path, names: ColumnNames = NO_NAMES, reading: Reading = Reading()) -> list[InputRow]:  # noqa: B008
    with open_source(path, names, reading) as source:
        return list(source.rows)


def texts_of(rows: list[InputRow], names: ColumnNames = NO_NAMES) -> list[tuple[object, str | None]]:
    """Id and text, as it is in the file, of the rows without an error."""
    items = [read_item(row.value, Settings(), names) for row in rows if row.error is None]
    return [(item.id, item.sent) for item in items if item.error is None]


def errors_of(rows: list[InputRow]) -> list[str]:
    """The errors, in the order of their rows: of reading a row, or of what is in it."""
    errors = [row.error or read_item(row.value, Settings()).error for row in rows]
    return [str(error) for error in errors if error]


@pytest.mark.parametrize("case", FILE_CASES, ids=lambda case: case.name)
def test_a_file_is_read_as_the_rows_that_are_in_it(case: FileCase, tmp_path: Path) -> None:
    rows = rows_of(written(tmp_path / case.name, case.content))
    assert texts_of(rows) == list(case.rows)
    errors = errors_of(rows)
    assert len(errors) == len(case.errors)
    assert all(part in error for part, error in zip(case.errors, errors, strict=True))


@pytest.mark.parametrize(("name", "content", "message"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_what_cannot_be_read_is_refused_by_what_it_is(
    name: str, content: str | bytes, message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as error:
        rows_of(written(tmp_path / name, content))
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("name", "content", "form", "rows"),
    [
        ("list", PLAIN, "csv", ROWS),
        ("list.txt", "id,title\nOil prices climb", "txt", [(None, "id,title"), TEXTS[0]]),
        ("one_column.txt", "title\nOil prices climb\n", "csv", TEXTS[:1]),
        ("list.dat", PLAIN.replace(",", "\t"), "tsv", ROWS),
        ("list.csv", '"Oil prices climb"\n', "jsonl", TEXTS[:1]),
    ],
)
def test_the_form_that_is_named_goes_before_what_the_file_shows(
    name: str, content: str, form: Form, rows: list[tuple[object, str]], tmp_path: Path
) -> None:
    assert texts_of(rows_of(written(tmp_path / name, content), reading=Reading(form))) == rows


def test_the_encoding_that_is_named_is_read_and_a_byte_that_it_lacks_costs_its_line(tmp_path: Path) -> None:
    content = ACCENTED.encode("cp1252") + b"3;\x81\n"
    rows = rows_of(written(tmp_path / "a.csv", content), reading=Reading(encoding="windows-1252"))
    assert texts_of(rows) == ACCENTS
    assert str(rows[-1].error).startswith("the line is not CP1252 (byte 3 of it)")
    with pytest.raises(InputError, match="there is no encoding 'utf-9'"):
        rows_of(tmp_path / "a.csv", reading=Reading(encoding="utf-9"))


def test_an_encoding_is_guessed_from_more_than_the_first_line_that_is_not_utf_8(tmp_path: Path) -> None:
    pytest.importorskip("charset_normalizer")
    lines = (
        "Центральный банк сохранил ставку",
        "Сборная выиграла последний матч турнира",
        "Учёные открыли новую планету",
    )
    rows = rows_of(written(tmp_path / "a.txt", "\n".join(lines).encode("cp1251")))
    assert "it looks like cp1251: if it is, add --encoding cp1251" in str(rows[0].error)
    rows = rows_of(written(tmp_path / "a.txt", lines[0][:11].encode("cp1251")))
    assert "save it as UTF-8, or add --encoding ENCODING" in str(rows[0].error)


@pytest.mark.parametrize("name", ["kop", "KOP", " k op"])
def test_a_named_column_is_found_whatever_its_case_and_blanks(name: str, tmp_path: Path) -> None:
    named = ColumnNames(text=name, id="nr")
    for file, content in (("a.csv", "NR,Kop,title\n7,Oil,x\n"), ("a.jsonl", '{"NR": 7, "Kop": "Oil", "title": "x"}')):
        rows = rows_of(written(tmp_path / file, content), named)
        assert [(str(row_id), text) for row_id, text in texts_of(rows, named)] == [("7", "Oil")]


@pytest.mark.parametrize(
    ("names", "option"),
    [
        (ColumnNames(text="kop"), "--column"),
        (ColumnNames(description="tekst"), "--description-column"),
        (ColumnNames(id="nr"), "--id-column"),
    ],
)
@pytest.mark.parametrize(("file", "content"), [("a.csv", PLAIN), ("a.jsonl", '{"id": 1, "title": "a"}\n"b"')])
def test_a_named_column_that_is_missing_is_refused_with_those_there_are(
    names: ColumnNames, option: str, file: str, content: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=f"its columns are 'id', 'title'; name one with {option}$"):
        rows_of(written(tmp_path / file, content), names)


def test_an_object_without_the_named_id_is_an_error_and_one_without_a_description_is_not(tmp_path: Path) -> None:
    path = written(
        tmp_path / "a.jsonl", '{"nr": 1, "title": "a", "more": "b"}\n{"nr": 2, "title": "c"}\n{"title": "d"}'
    )
    names = ColumnNames(description="more", id="nr")
    rows = rows_of(path, names)
    assert texts_of(rows, names) == [(1, "a b"), (2, "c")]
    assert "has no column 'nr'" in str(read_item(rows[2].value, Settings(), names).error)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("a.csv", "title,text\na,b\n"),
        ("a.jsonl", '{"title": "a", "text": "b"}'),
        ("a.json", '[{"title": "a", "text": 1}]'),
    ],
)
def test_the_column_of_the_text_is_named_where_there_are_several(file: str, content: str, tmp_path: Path) -> None:
    with open_source(written(tmp_path / file, content), NO_NAMES) as source:
        (note,) = source.notes
        assert "'title', not 'text'; --column chooses another" in note
    with open_source(tmp_path / file, ColumnNames(text="text")) as source:
        assert source.notes == []


def test_a_header_that_is_repeated_is_left_out_and_said(tmp_path: Path) -> None:
    with open_source(written(tmp_path / "a.csv", PLAIN * 2), NO_NAMES) as source:
        assert texts_of(list(source.rows)) == ROWS * 2
        assert source.notes == ["line 4 repeats the header and was left out"]


def test_rows_keep_the_number_of_the_line_they_begin_on(tmp_path: Path) -> None:
    content = 'id,title\r1,"Oil\rprices"\r\n\n2,Goal\n'
    assert [row.line for row in rows_of(written(tmp_path / "a.csv", content))] == [2, 5]


@pytest.mark.parametrize("orient", ["records", "columns", "split"])
def test_a_json_document_may_be_one_line_of_any_length(orient: str, tmp_path: Path) -> None:
    texts = [f"{'Oil prices climb ' * 10}{number}" for number in range(30_000)]
    documents: dict[str, object] = {
        "records": [{"title": text} for text in texts],
        "columns": {"title": dict(enumerate(texts))},
        "split": {"columns": ["title"], "index": [], "data": [[text] for text in texts]},
    }
    path = written(tmp_path / "a.json", json.dumps(documents[orient]))
    assert path.stat().st_size > MAX_LINE_BYTES
    assert [text for _, text in texts_of(rows_of(path))] == texts


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("lists.json", json.dumps({"id": ["1", "2"], "title": ["Oil", "Coal"]})),
        ("lines.csv", "id,title\n1,Oil\n2,Coal\n\x1a"),
        ("markdown.txt", "|id|title|\n|1|Oil|\n|2|Coal|\n"),
    ],
)
def test_other_forms_of_two_rows_are_read(name: str, content: str, tmp_path: Path) -> None:
    assert texts_of(rows_of(written(tmp_path / name, content))) == [("1", "Oil"), ("2", "Coal")]


def test_an_object_over_several_lines_is_one_row(tmp_path: Path) -> None:
    path = written(tmp_path / "one.json", json.dumps({"id": "1", "title": "Oil"}, indent=2))
    assert texts_of(rows_of(path)) == [("1", "Oil")]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"- title: Oil prices climb\n- title: Striker scores twice\n", "YAML"),
        ("<?xml version='1.0'?><rss></rss>".encode("utf-16"), "XML"),
        (b"<!-- saved -->\r\n<html><body></body></html>", "HTML"),
    ],
)
def test_a_document_under_the_name_of_text_is_refused(content: bytes, kind: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=kind):
        rows_of(written(tmp_path / "news.txt", content))
