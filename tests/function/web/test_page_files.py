"""Files on the page: reading .txt and .csv, and the download."""

import pytest

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
        ("rows.csv", b"name,price\na,1\n", "expected a header with a column text, headline or title"),
        ("rows.csv", b"name,price\na,1\n", "The first row is: name, price."),
        ("rows.csv", b"", "The file is empty."),
        ("rows.csv", b"text\n", "it contains no headlines."),
        ("rows.csv", b'text\n"never closed\nmore', "record 2 has a misplaced or unclosed quote"),
        ("rows.csv", "text\nCafé\n".encode("latin-1"), "it is not UTF-8 text, or cannot be read. Save it as UTF-8"),
        ("rows.txt", OIL.encode("utf-16"), "it is not UTF-8 text, or cannot be read. Save it as UTF-8"),
        ("rows.txt", b"\n \n", "it contains no headlines."),
        ("page.pdf", b"%PDF", "expected a .txt file with one headline per line, or a .csv file."),
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
    assert "the text is empty; send at least one word" in visit.rows.nth(1).inner_text()
    assert "The row has 3 fields; the first row has 2." in visit.rows.nth(2).inner_text()
    assert [row[-1] for row in visit.download()[2:]] == [
        "the text is empty; send at least one word",
        "The row has 3 fields; the first row has 2.",
    ]


def test_the_download_holds_every_column_and_no_formula(visit: Visit) -> None:
    visit.choose("rows.csv", f'id,text\n-1,"=HYPERLINK(""x"")"\n2,"{GOAL}, ""again"""\n'.encode())
    expect(visit.rows).to_have_count(2)
    header, formula, goal = visit.download()
    scores = ["score_World", "score_Sports", "score_Business", "score_Sci/Tech"]
    assert header == ["id", "text", "label", "score", "abstained", "truncated", *scores, "error"]
    assert formula[:2] == ["'-1", '\'=HYPERLINK("x")']
    assert (goal[:3], goal[4:6], goal[-1]) == (["2", f'{GOAL}, "again"', "Sports"], ["false", "false"], "")
    assert goal[3] == goal[7]
    assert sum(map(float, goal[6:10])) == pytest.approx(1, abs=0.001)


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
