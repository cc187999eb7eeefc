"""Labelled files as they are read."""

from pathlib import Path

import pytest

from agnews.cli.evaluation.examples import LabelColumns, read_examples, read_files
from agnews.cli.evaluation.labels import named_labels
from agnews.errors import InputError
from agnews.labels import LABELS
from agnews.settings import Settings
from tests.support.ag_news import write_ag_news
from tests.support.requirement import ROOT


def test_ag_news_own_format_is_recognised_and_its_text_left_as_it_is(settings: Settings, tmp_path: Path) -> None:
    examples = read_examples(write_ag_news(tmp_path), LabelColumns(), settings).examples
    assert [example.label for example in examples] == [0, 1, 2, 3, 2]
    assert [example.where for example in examples][:2] == ["test.csv:1", "test.csv:2"]
    assert examples[0].description == 'Foreign ministers met, "at last", in the capital.'


@pytest.mark.parametrize(
    ("content", "column", "label"),
    [
        ("Class Index,Title,Description\n4,a,b\n", None, 3),
        ("text,label\na,Sci/Tech\n", None, 3),
        ("headline,topic\r\na,sci-tech\r\n", None, 3),
        ("title,label,mine\na,World,sports\n", "mine", 1),
        ('\ufeffcategory,text\nBUSINESS,"a\nb"\n', None, 2),
        ("text,label\na, 4.0 \n", None, 3),
        ("label;title\n4;a, b\n", None, 3),
        ("sep=;\r\nlabel;title;;\r4;a;;;\r", None, 3),
        ('4,"a; b; c","d; e; f"\n', None, 3),
    ],
)
def test_labels_are_read_by_number_or_name(
    content: str, column: str | None, label: int, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8", newline="")
    examples = read_examples(path, LabelColumns(label=column), settings).examples
    assert [example.label for example in examples] == [label]


@pytest.mark.parametrize(
    ("numbers", "label_numbers", "labels"),
    [
        ("0123", "0-3", [0, 1, 2, 3]),
        ("20", "0-3", [2, 0]),
        ("1234", "1-4", [0, 1, 2, 3]),
        ("4", "1-4", [3]),
    ],
)
def test_topics_are_numbered_from_0_in_a_file_with_a_0_and_from_1_in_one_with_a_4(
    numbers: str, label_numbers: str, labels: list[int], settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\n" + "".join(f"a,{number}\n" for number in numbers), encoding="utf-8")
    file = read_examples(path, LabelColumns(), settings)
    assert (file.label_numbers, [example.label for example in file.examples]) == (label_numbers, labels)


def test_numbers_without_a_0_and_a_4_are_asked_about(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,1\nb,3\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_examples(path, LabelColumns(), settings)
    for numbering, labels in (("1=World,3=Business", [0, 2]), ("1=Sports,3=Sci/Tech", [1, 3])):
        assert f"--labels {numbering}" in str(error.value)
        file = read_examples(path, LabelColumns(named=named_labels(numbering, (), LABELS)), settings)
        assert [example.label for example in file.examples] == labels


def test_topics_whose_names_are_numbers_are_not_numbered(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    columns = LabelColumns(topics=("1", "2", "3 stars"))
    path.write_text("text,label\na,2\nb,1.0\n", encoding="utf-8")
    file = read_examples(path, columns, settings)
    assert (file.label_numbers, [example.label for example in file.examples]) == (None, [1, 0])
    path.write_text("text,label\na,0\nb,1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"has unknown labels: '0' \(1 row, first at a.csv:2\)"):
        read_examples(path, columns, settings)


def test_a_topic_s_zeros_in_front_are_part_of_its_name(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,07\nb,7\nc,70\nd,7.0\n", encoding="utf-8")
    file = read_examples(path, LabelColumns(topics=("07", "7", "70")), settings)
    assert [example.label for example in file.examples] == [0, 1, 2, 1]


@pytest.mark.parametrize(("label", "topic"), [("c++", 1), ("C#", 2), ("oil & gas", 3), ("OIL-GAS", 3), ("out:side", 4)])
def test_a_topic_is_found_by_its_name_before_its_letters(
    label: str, topic: int, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"text,label\na,{label}\n", encoding="utf-8")
    columns = LabelColumns(topics=("C", "C++", "C#", "Oil & Gas", "Out:Side"))
    assert [example.label for example in read_examples(path, columns, settings).examples] == [topic]


def test_the_files_of_a_run_are_numbered_alike(settings: Settings, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    for path, label in zip(paths, ("1", "0", "World"), strict=True):
        path.write_text(f"text,label\na,{label}\n", encoding="utf-8")
    files = read_files(paths, LabelColumns(), settings).values()
    assert [[example.label for example in file.examples] for file in files] == [[1], [0], [0]]
    assert [file.label_numbers for file in files] == ["0-3", "0-3", None]


def test_a_row_that_cannot_be_used_is_left_out_and_said(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = ["label,title,text", "1,a,", "4, ,b", "2,,", '3,"a "b" c",', "2,x", " Label ,Title,Text", "4,c,"]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    file = read_examples(path, LabelColumns(), settings)
    assert [(example.label, example.title) for example in file.examples] == [(0, "a"), (3, "b"), (3, "c")]
    assert file.left_out == 3
    assert file.notes[1] == "line 7 repeats the header and was left out"
    assert file.notes[2].startswith(f"3 rows left out, the first is {path}:4: the text is empty")


def test_ag_news_own_format_may_count_from_0(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('"2","Oil prices climb","Crude rose."\n"0","Ceasefire holds","Ministers met."\n', encoding="utf-8")
    assert [example.label for example in read_examples(path, LabelColumns(), settings).examples] == [2, 0]


def test_a_tsv_file_has_tabs_between_its_fields(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_text("label\ttext\nWorld\tTalks, and a ceasefire\n", encoding="utf-8")
    (example,) = read_examples(path, LabelColumns(), settings).examples
    assert (example.label, example.title) == (0, "Talks, and a ceasefire")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", '{"label": 4, "Title": "Oil prices climb"}\n\n{"Title": "Goal", "label": "Sports", "id": [7]}\n'),
        ("a.json", '[{"title": "Oil prices climb", "label": 4.0}, {"title": "Goal", "label": "sports"}]'),
        (
            "a.csv",
            '{"title": "Oil prices climb", "label": "2"}\n{"title": "Goal", "label": 1}\n{"title": "A", "label": 0}\n',
        ),
    ],
)
def test_json_is_read_by_its_keys(name: str, content: str, settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    numbers = {"a.jsonl": [3, 1], "a.json": [3, 1], "a.csv": [2, 1, 0]}
    examples = read_examples(path, LabelColumns(), settings).examples
    assert [example.label for example in examples] == numbers[name]
    assert [example.title for example in examples][:2] == ["Oil prices climb", "Goal"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"title": "b", "label": 1', "a.jsonl:2: the line is not valid JSON"),
        ('"b"', "a.jsonl:2: expected an object with a label and a text"),
        ('{"label": 1}', "a.jsonl:2: the text is empty"),
    ],
)
def test_a_json_line_that_cannot_be_evaluated_is_left_out_and_said(
    line: str, message: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(f'{{"title": "a", "label": 4}}\n{line}\n', encoding="utf-8")
    file = read_examples(path, LabelColumns(), settings)
    assert (len(file.examples), file.left_out) == (1, 1)
    assert message in file.notes[0]


def test_a_label_is_out_of_scope_by_its_prefix_or_because_the_user_says_so(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\na,out:film\nb,OUT:food\nc,Health\nd,9\ne,money\nf,4\n", encoding="utf-8")
    named = named_labels("Money=Business,health=out:health", ["9"], LABELS)
    file = read_examples(path, LabelColumns(named=named), settings)
    assert [example.label for example in file.examples] == [None, None, None, None, 2, 3]
    assert file.label_numbers == "1-4"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("a,b\nc,d\n", "has no column with a text"),
        ("title,b\nc,d\n", "has no column with a label"),
        ("title,label\n", "has no rows below its header"),
        ("title,label\na,4\nb,0\n", " has unknown labels: '0' (1 row, first at a.csv:3). Expected World, Sports"),
        ("title,label\na,World\nb,-1\n", "'-1' (1 row, first at a.csv:3)"),
        (
            "title,label\na,Tech\nb,Politics\nc,World\nd,Politics\n",
            "'Politics' (2 rows, first at a.csv:3), 'Tech' (1 row, first at a.csv:2).",
        ),
        ("title,label\na,World,c\n", ":2: the row has 3 fields, the header has 2; put a field that contains ',' in"),
        ("title,label\n ,World\n", ":2: the text is empty"),
        ("title,label\n#REF!,World\n", ":2: no text: '#REF!' stands for a missing value"),
        ('title,label\n"a,World\n', ":2: the row is not valid CSV"),
    ],
)
def test_a_file_that_cannot_be_evaluated_is_refused_with_the_line_number(
    content: str, message: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_examples(path, LabelColumns(), settings)
    assert f"{path}" in str(error.value)
    assert message in str(error.value)


def test_the_modern_headlines_are_balanced_and_our_own() -> None:
    file = read_examples(ROOT / "tests" / "data" / "modern_headlines.csv", LabelColumns(by="kind"), Settings())
    examples = file.examples
    assert len({example.title for example in examples}) == len(examples) == 300
    assert [example.group for example in examples if example.label is None] == ["out of scope"] * 60
    for label in range(len(LABELS)):
        kinds = [example.group for example in examples if example.label == label]
        assert (kinds.count("clear"), kinds.count("borderline")) == (45, 15)


def test_the_text_is_in_the_column_that_classify_takes_and_it_is_said(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("label,title,text\n4,a,b\n", encoding="utf-8")
    file = read_examples(path, LabelColumns(), settings)
    assert [example.title for example in file.examples] == ["a"]
    assert file.notes == ["the text is column 'title', not 'text'; --column chooses another"]
    file = read_examples(path, LabelColumns(text="text"), settings)
    assert ([example.title for example in file.examples], file.notes) == (["b"], [])


def test_each_row_has_the_first_text_that_is_not_missing_as_it_is_in_the_file(
    settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("label,text,title\n4,a,N/A\n4,b,<i>c</i> &amp;amp; d\n", encoding="utf-8")
    examples = read_examples(path, LabelColumns(), settings).examples
    assert [example.title for example in examples] == ["a", "<i>c</i> &amp;amp; d"]


def test_the_encoding_can_be_named(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("label,text\n4,Société\n".encode("cp1252"))
    with pytest.raises(InputError, match=r":2: the line is not UTF-8 .* add --encoding cp1252"):
        read_examples(path, LabelColumns(), settings)
    (example,) = read_examples(path, LabelColumns(encoding="cp1252"), settings).examples
    assert example.title == "Société"


def test_a_description_that_stands_for_a_missing_one_is_empty(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("label,title,description\n4,a,NaN\n4,b,c\n", encoding="utf-8")
    examples = read_examples(path, LabelColumns(), settings).examples
    assert [example.description for example in examples] == ["", "c"]
