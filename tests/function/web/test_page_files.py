"""Files on the page: reading .txt and .csv, and the download."""

import gzip

import pytest

import agnews
from tests.support.file_cases import FILE_CASES
from tests.support.requirement import require_module
from tests.support.texts import GOAL, OIL

require_module("axe_playwright_python", "playwright")

from playwright.sync_api import expect  # noqa: E402

from tests.support.browser import Visit  # noqa: E402

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_text_file_has_one_headline_per_line(visit: Visit, end: str) -> None:
    visit.drop("today.txt", f"\ufeff{GOAL}{end}{end}{OIL}{end}".encode())
    expect(visit.rows).to_have_count(2)
    assert visit.headlines() == [GOAL, OIL]
    expect(visit.page.get_by_role("heading", name="Results: today.txt")).to_be_visible()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"text\n{GOAL}\n", [GOAL]),
        (f"\ufeffID,Title\r\n7,{GOAL}\r\n\r\n8,{OIL}\r\n", [GOAL, OIL]),
        (
            f'id,headline,description\na,"He said ""go"",\n and they went",{OIL}',
            [f'He said "go",\n and they went {OIL}'],
        ),
        (f'"3","{OIL}","A description, quoted"\n"2","{GOAL}",""\n', [f"{OIL} A description, quoted", GOAL]),
        (f"Class Index,Title,Description\n3,{OIL},More\n", [f"{OIL} More"]),
    ],
    ids=["text", "bom, id and title", "quotes and description", "AG News", "AG News with a header"],
)
def test_a_csv_file_is_read_by_its_header_or_as_ag_news(visit: Visit, content: str, expected: list[str]) -> None:
    visit.choose("rows.csv", content.encode())
    expect(visit.rows).to_have_count(len(expected))
    assert (
        visit.page.locator("#list .headline").evaluate_all("all => all.map(element => element.textContent)") == expected
    )


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.csv", b"", "The file is empty."),
        ("rows.csv", b"text\n", "it contains no headlines."),
        ("rows.csv", b"text,Text\na,b\n", "it has 2 columns 'text'; rename all but one."),
        ("rows.csv", b'"text\na\n', "line 1: the row is not valid CSV"),
        ("rows.csv", "Über,text\n".encode("latin-1"), "line 1: the line is not UTF-8"),
        ("rows.csv", b"\x1f\x8b\x08", "it is compressed, and its data is damaged or cut off."),
        (
            "rows.csv.gz",
            gzip.compress(GOAL.encode() * 99)[:60],
            "it is compressed, and its data is damaged or cut off.",
        ),
        (
            "rows.csv.gz",
            gzip.compress(GOAL.encode()) + b"more",
            "it is compressed, and its data is damaged or cut off.",
        ),
        ("rows.txt.gz", gzip.compress(b"a" * (20 * 1024 * 1024 + 1)), "it is larger than 20 MB."),
        ("rows.tgz", gzip.compress(b"a".ljust(257, b"\0") + b"ustar"), "it is a compressed file; unpack it."),
        ("rows.csv.zst", b"\x28\xb5\x2f\xfd", "it is a compressed file; unpack it."),
        ("rows.txt", b"<!-- part of a feed -->\n<item>\n</item>", "it is a web page or XML; save its text"),
        ("rows.csv", b"PK\x03\x04 xl/workbook.xml", "it is a spreadsheet workbook; save its sheet as CSV"),
        ("rows.csv", b"PAR1", "it is a Parquet file; save it as CSV."),
        ("rows.txt", b"\n \n", "it contains no headlines."),
        ("rows.txt", b"id,price\na,1\n", "it looks like CSV: its first line is"),
        ("rows.json", b'[{"text": "a"}', "it is not valid JSON"),
        ("page.pdf", b"%PDF", "it is a PDF document"),
        ("page.doc", b"text", "expected a .txt file with one headline per line, or a .csv, .tsv or .jsonl file."),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(
    visit: Visit, name: str, content: bytes, message: str
) -> None:
    visit.drop(name, content)
    assert f"{name}: " in visit.complaint()
    assert message in visit.complaint()
    expect(visit.rows).to_have_count(0)


def test_rows_that_cannot_be_classified_are_listed_with_the_reason(visit: Visit) -> None:
    visit.choose("rows.csv", f"id,text\n1,{GOAL}\n2,\n3,{OIL},stray\n".encode())
    expect(visit.rows).to_have_count(3)
    assert visit.topics() == ["Sports", "Error", "Error"]
    expect(visit.rows.nth(1)).to_contain_text("the text is empty; send at least one word")
    expect(visit.rows.nth(2)).to_contain_text("Line 4: the row has 3 fields, the header has 2")
    empty, wide = visit.download()[2:]
    assert (empty[:2], empty[-1]) == (["2", ""], "the text is empty; send at least one word")
    assert (wide[:2], wide[-1][:22]) == (["3", OIL], "the row has 3 fields, ")


def test_a_stray_quote_costs_its_row_which_is_named_by_the_editors_line(visit: Visit) -> None:
    visit.choose("rows.csv", f'id,text\n1,"{GOAL}\r\nagain"\r\n\n2,"Oil "prices\n3,{OIL}\n'.encode())
    expect(visit.rows).to_have_count(3)
    assert visit.topics() == ["Sports", "Error", "Business"]
    expect(visit.rows.nth(1)).to_contain_text("Line 5: the row is not valid CSV")


NOT_READ = {
    **dict.fromkeys(
        (
            *("split.json", "columns.json", "index.json", "series.json", "table.json"),
            *("one_series.jsonl", "inputs.jsonl"),
        ),
        "it is JSON, but neither",
    ),
    "utf_32.csv": "it is UTF-32.",
}
"""Files that the command line reads and the page refuses, and the beginning of its message."""
READ_FILE = """async ([name, bytes]) => {
    try {
        const { rows } = await readFile(new File([new Uint8Array(bytes)], name));
        const sent = rows.filter((row) => !row.problem);
        const { predictions } = await ask(sent.map((row) => row.item), {});
        sent.forEach((row, index) => { row.answer = predictions[index]; });
        const message = ({ answer, problem }) => problem ?? answer.error?.message ?? "";
        return rows.map((row) => [row.answer?.id ?? null, row.text.trim(), message(row)]);
    } catch (error) {
        return error.message;
    }
}"""


def test_the_page_reads_the_same_rows_from_files_as_the_command_line(visit: Visit) -> None:
    for case in FILE_CASES:
        content = case.content if isinstance(case.content, bytes) else case.content.encode()
        rows = visit.page.evaluate(READ_FILE, [case.name, list(content)])
        if case.name in NOT_READ:
            assert rows[: len(NOT_READ[case.name])] == NOT_READ[case.name], case.name
            continue
        assert [(row[0], row[1]) for row in rows if not row[2]] == [
            (row_id, text.strip()) for row_id, text in case.rows
        ], case.name
        problems = [row[2] for row in rows if row[2]]
        assert [part in problem for part, problem in zip(case.errors, problems, strict=True)] == [True] * len(problems)


def test_without_a_usual_column_one_can_be_chosen_and_another_one_later(visit: Visit) -> None:
    visit.choose("rows.csv", f"nr;kop;tekst\n7;{GOAL};{OIL}\n".encode())
    expect(visit.status).to_contain_text("no column headline, title or text")
    column = visit.page.get_by_label("Column with the headlines")
    expect(column).to_be_focused()
    column.select_option("kop")
    expect(visit.rows).to_have_count(1)
    assert visit.headlines() == [GOAL]
    column.select_option("tekst")
    expect(visit.page.locator(".headline")).to_have_text(OIL)
    assert visit.download()[0][:4] == ["nr", "kop", "tekst", "label"]


def test_each_row_has_the_first_text_that_is_not_missing_and_a_description_is_none(visit: Visit) -> None:
    visit.choose("rows.csv", f"text,title,description\n{OIL},N/A,\n{OIL},{GOAL},null\n,,{OIL}\n".encode())
    expect(visit.rows).to_have_count(3)
    assert visit.headlines()[:2] == [OIL, GOAL]
    assert visit.topics() == ["Business", "Sports", "Error"]


def test_a_file_gets_the_answers_of_the_command_line(visit: Visit) -> None:
    repeated = f'<p>{OIL}</p> <font color=""#6f6f6f"">ESPN</font>'
    visit.choose("rows.csv", f'title,description\n{OIL},"{repeated}"\n"{{""title"": ""{GOAL}""}}",\n'.encode())
    expect(visit.rows).to_have_count(2)
    first, second = visit.download()[1:]
    assert float(first[3]) == agnews.classify(OIL)["score"]
    assert "the text is JSON, or starts like it" in second[-1]


@pytest.mark.parametrize(
    ("line", "shown", "topic"),
    [
        (f'{{"title": "{GOAL}: NaN now", "x": NaN}}', f"{GOAL}: NaN now", "Sports"),
        (f'{{"title": "{GOAL}", "description": ["a"]}}', GOAL, "Error"),
        (f'{{"title": true, "text": "{GOAL}"}}', GOAL, "Error"),
        (f'{{"title": "{GOAL}", "top_k": 2}}', GOAL, "Error"),
    ],
)
def test_an_object_is_sent_as_it_is(visit: Visit, line: str, shown: str, topic: str) -> None:
    visit.choose("rows.jsonl", f'{line}\n"{OIL}"\n'.encode())
    expect(visit.rows).to_have_count(2)
    assert visit.headlines() == [shown, OIL]
    assert visit.topics() == [topic, "Business"]


def test_a_failed_file_removes_the_results_of_the_one_before(visit: Visit) -> None:
    visit.choose("rows.csv", f"text\n{GOAL}\n".encode())
    expect(visit.rows).to_have_count(1)
    visit.choose("rows.csv", b"")
    visit.complaint()
    expect(visit.page.locator("#results")).to_be_hidden()
    expect(visit.page.get_by_label("Column with the headlines")).to_be_hidden()


def test_the_download_holds_every_column_and_no_formula(visit: Visit) -> None:
    rows = [f'2,b,"{GOAL}, ""again"""', """3,c;=1+1,"Oil\t@x;""=cmd|'/C calc'!A0;x\""""]
    visit.choose("rows.csv", "\n".join(["id,label,text", '-1,+,"=HYPERLINK(""x"")"', *rows]).encode())
    expect(visit.rows).to_have_count(3)
    header, formula, goal, inner = visit.download()
    scores = ["score_World", "score_Sports", "score_Business", "score_Sci/Tech"]
    ours = ["agnews_label", "score", "abstained", "truncated", "unfamiliar", *scores, "error"]
    assert header == ["id", "label", "text", *ours]
    assert formula[:3] == ["'-1", "'+", '\'=HYPERLINK("x")']
    assert inner[:3] == ["3", "c;'=1+1", "Oil\t'@x;'\"=cmd|'/C calc'!A0;x"]
    assert (goal[:4], goal[5:8], goal[-1]) == (["2", "b", f'{GOAL}, "again"', "Sports"], ["false"] * 3, "")
    assert goal[4] == goal[9]
    assert sum(map(float, goal[8:12])) == pytest.approx(1, abs=0.001)


def test_the_download_says_what_abstained_and_has_no_id_where_there_was_none(visit: Visit) -> None:
    visit.classify(GOAL)
    visit.page.get_by_label("Minimum score").fill("100")
    header, row = visit.download()
    assert header[:5] == ["text", "label", "score", "abstained", "truncated"]
    assert (row[1], row[3]) == ("", "true")


def test_a_headline_that_the_server_refuses_is_marked_and_the_others_are_answered(visit: Visit) -> None:
    visit.choose("huge.txt", f"{GOAL}\n".encode() + b"a" * (7 * 1024 * 1024) + f"\n{OIL}".encode())
    expect(visit.rows).to_have_count(3)
    expect(visit.rows.nth(1)).to_contain_text("The server returned 413: ")
    expect(visit.rows.nth(2)).to_contain_text("Business")
    visit.expect_problem("413")
