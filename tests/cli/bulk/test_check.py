"""The beginning of a file, as Step Functions would read it."""

import gzip

import pytest

from agnews.api.columns import ColumnNames
from agnews.cli.bulk.check import check_head
from agnews.cli.bulk.reader import step_functions_records
from agnews.cli.bulk.s3 import HEAD_BYTES
from agnews.errors import InputError

NO_NAMES = ColumnNames()
ROWS = "".join(f"{number},Oil prices climb\n" for number in range(2, 9))


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ('a,b\r\n\r\n"c,\nd","say ""no"""\ne', [(1, ["a", "b"]), (3, ["c,\nd", 'say "no"']), (5, ["e"])]),
        ('a\\,b,\\\\c,\\d,\\"e', [(1, ["a,b", "\\c", "d", '"e'])]),
        ('1,A 98" TV\n2,x\n3,A 75" TV\n4,y', [(1, ["1", "A 98 TV\n2,x\n3,A 75 TV"]), (4, ["4", "y"])]),
        ('1,"C:\\"\n2,"x"\n', [(1, ["1", 'C:"\n2,x\n'])]),
    ],
)
def test_step_functions_has_its_own_escapes_and_quotes(text: str, records: list[tuple[int, list[str]]]) -> None:
    assert list(step_functions_records(text)) == records


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('id,title\n1,A 98" TV\n' + ROWS, ":2: a quotation mark begins a quoted part to Step Functions"),
        (f'id,title\n{ROWS}1,"C:\\"\n', ":9: the backslash is an escape character to Step Functions"),
        ("id,title\n1,C:\\temp\n" + ROWS, ":2: the backslash"),
        ("id,title\n1,Oil, gas\n" + ROWS, 'in quotation marks: "…"; Step Functions would drop the surplus fields'),
        ('id,title\n1,"Oil "prices" climb"\n', ":2: the row is not valid CSV"),
        (f"id,title\n{ROWS}".encode() + "9,Société\n".encode("cp1252"), "iconv -f cp1252 -t utf-8 FILE"),
        (f"id,title\n{ROWS} ID,Title\n", ":9: another file begins here"),
        ('{"id": 1, "title": "a"}\n', "has JSON Lines, not CSV; give it a name that ends in .jsonl"),
        ('3,"Oil prices climb","Crude rose."\n', "has no header; add the line class,title,description above"),
        ("id,title\r1,a\r", ":2: Step Functions reads another row here; end each line with LF"),
        (f"id,title\n{ROWS}\ufeffid,title\n", ":9: another file begins here"),
        ("id;title\n1;a\n", "separates its fields by ';'; the state machine reads commas"),
        ("sep=,\nid,title\n1,a\n", "separates its fields by ','"),
        (gzip.compress(b"title\na\n"), "is gzip-compressed; Step Functions reads CSV and JSON Lines that are not"),
        ("id,title\n1,a\n".encode("utf-16"), "is UTF-16; Step Functions reads UTF-8"),
        ("id,kop\n1,a\n", "name one with --column"),
    ],
)
def test_what_step_functions_would_lose_stops_the_run_with_the_row_and_the_cure(
    content: str | bytes, message: str
) -> None:
    content = content if isinstance(content, bytes) else content.encode()
    with pytest.raises(InputError) as error:
        check_head("s3://news/in.csv", content, True, "csv", NO_NAMES)
    assert message in str(error.value)
    assert str(error.value).startswith("s3://news/in.csv")


@pytest.mark.parametrize(
    "content",
    [
        'id,Title,x\r\n1,"say ""no"", they\r\nsaid",\r\n\r\n2,a,\r\n',
        "id,Title,path\n1,Oil,C:\\temp\n2,Goal,\n",
        "id,Title\n1,Oil,,\n2\n",
        'id,Title\n1,"C:\\\\"\n2,"A 98"" TV"\n',
        'id,Title\n1,"Oil \\"prices\\" climb"\n2,Oil\\, gas\n',
    ],
)
def test_a_row_that_keeps_what_is_wanted_passes(content: str) -> None:
    # Backslashes that escape something are meant for Step Functions.
    assert check_head("in.csv", content.encode(), True, "csv", NO_NAMES) == []


def test_what_the_last_bytes_cut_through_is_not_taken_for_a_mistake() -> None:
    row = b'1,"Oil prices\nclimb"\n'
    content = b"id,title\n" + row * (HEAD_BYTES // len(row) + 1)
    for size in range(HEAD_BYTES - len(row), HEAD_BYTES):
        assert check_head("in.csv", content[:size], False, "csv", NO_NAMES) == []


@pytest.mark.parametrize(
    ("content", "notes"),
    [
        ('"a goal"\n{"title": "Goal", "id": 1}\n', []),
        ('{"Title": "Goal", "ID": 1}\n', []),
        ('{"title": "Goal", "data": ["x"]}\n{"title": "a"}\n', []),
        (
            '{"text": "Subscribe", "title": "Goal"}\n',
            ["the text is column 'title', not 'text'; --column chooses another"],
        ),
    ],
)
def test_the_key_that_holds_the_text_is_said_where_there_are_several(content: str, notes: list[str]) -> None:
    assert check_head("in.jsonl", content.encode(), True, "jsonl", NO_NAMES) == notes


def test_a_named_column_leaves_no_question() -> None:
    content = b'{"text": "Oil prices climb", "title": "Goal"}\n"c"\n{"id": 1}\n'
    assert check_head("in.jsonl", content, True, "jsonl", ColumnNames(text="TEXT")) == []


def test_a_document_that_is_longer_than_what_is_read_is_refused() -> None:
    content = b'[{"title": "Oil prices climb"}, ' * 3_000
    with pytest.raises(InputError, match="is one JSON document"):
        check_head("in.jsonl", content[:HEAD_BYTES], False, "jsonl", NO_NAMES)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"title": "a"}]', "is one JSON document; write one object per line: DataFrame.to_json("),
        ('{"title": "a"}\n{"title": \n', ":2: the line is not valid JSON"),
        ('{"title": ""}\n', "the first line cannot be answered: the text is empty"),
    ],
)
def test_json_that_would_end_the_run_stops_it(content: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        check_head("in.jsonl", content.encode(), True, "jsonl", NO_NAMES)
    assert message in str(error.value)
