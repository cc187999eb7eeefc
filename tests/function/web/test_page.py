"""The page, as people use it: in a real browser, against the real `agnews serve`."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agnews.labels import LABELS
from tests.support.local_lambda import served
from tests.support.requirement import require_module
from tests.support.texts import GOAL, OIL, SCRIPTS

require_module("axe_playwright_python", "playwright")

from playwright.sync_api import Browser, Page, Route, expect  # noqa: E402

from tests.support.browser import DESKTOP, PATIENCE_MS, PHONE, Visit, chromium, visited  # noqa: E402

pytestmark = pytest.mark.browser

LONG = f"{GOAL} after a long evening. " * 40
SAMPLES = 9
SHOTS = {(DESKTOP, "light"): "page_light", (DESKTOP, "dark"): "page_dark", (PHONE, "light"): "page_phone"}
"""The pictures that the documents use, by window and colour scheme."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def visit(browser: Browser, served_url: str) -> Iterator[Visit]:
    with visited(browser, served_url) as opened:
        yield opened


def topics(visit: Visit) -> list[str]:
    return visit.page.locator("#list .topic").all_inner_texts()


def headlines(visit: Visit) -> list[str]:
    return visit.page.locator("#list .headline").all_inner_texts()


def complaint(visit: Visit) -> str:
    alert = visit.page.get_by_role("alert")
    expect(alert).to_contain_text("That did not work.")
    return alert.inner_text()


def downloaded(visit: Visit) -> list[list[str]]:
    with visit.page.expect_download() as download:
        visit.button("Download CSV").click()
    content = Path(download.value.path()).read_bytes()
    assert (download.value.suggested_filename, content[:3] == b"\xef\xbb\xbf") == ("topics.csv", False)
    return list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))


def test_pasted_headlines_get_their_topic_and_score(visit: Visit) -> None:
    visit.classify(GOAL, "", OIL)
    assert list(zip(topics(visit), headlines(visit), strict=True)) == [("Sports", GOAL), ("Business", OIL)]
    for shown in visit.page.locator(".scored").all_inner_texts():
        assert re.fullmatch(r"\s*\d\d\.\d%", shown)
    filled, track = (visit.rows.first.locator(path).bounding_box() for path in (".track > span", ".track"))
    assert filled and track and 0.8 < filled["width"] / track["width"] < 1


def test_the_samples_are_one_click_away_and_cover_every_topic(visit: Visit) -> None:
    visit.button("Try samples").click()
    expect(visit.status).to_contain_text(f"{SAMPLES} headlines classified")
    assert set(topics(visit)) == set(LABELS)


def test_the_samples_come_beneath_what_was_pasted(visit: Visit) -> None:
    visit.paste(OIL)
    visit.button("Try samples").click()
    expect(visit.rows).to_have_count(SAMPLES + 1)
    assert headlines(visit)[0] == OIL


def test_all_four_scores_open_and_close(visit: Visit) -> None:
    visit.classify(OIL)
    toggle = visit.button(f"All four scores of {OIL}")
    toggle.click()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    four = visit.page.locator(".four")
    assert sorted(four.locator("dt").all_inner_texts()) == sorted(LABELS)
    shown = [float(text.strip("%\n ")) for text in four.locator("dd:last-child").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    assert sum(shown) == pytest.approx(100, abs=0.3)
    toggle.click()
    expect(four).to_have_count(0)


def test_each_topic_is_counted_and_can_be_shown_alone(visit: Visit) -> None:
    visit.classify(GOAL, OIL, "Striker scores a hat-trick in the derby")
    counts = visit.page.get_by_role("group", name="Headlines per topic")
    assert [text.split() for text in counts.get_by_role("button").all_inner_texts()] == [
        ["All", "3"],
        ["World", "0"],
        ["Sports", "2"],
        ["Business", "1"],
        ["Sci/Tech", "0"],
    ]
    counts.get_by_role("button", name="Sports").click()
    expect(visit.rows).to_have_count(2)
    assert topics(visit) == ["Sports", "Sports"]
    expect(counts.get_by_role("button", name="Sports")).to_have_attribute("aria-pressed", "true")
    counts.get_by_role("button", name="All").click()
    expect(visit.rows).to_have_count(3)


def test_the_minimum_score_makes_headlines_abstain_at_once_without_a_request(visit: Visit) -> None:
    visit.classify(GOAL, OIL)
    before = len(visit.requests)
    minimum = visit.page.get_by_label("Minimum score")
    minimum.fill("100")
    assert topics(visit) == ["Abstained", "Abstained"]
    assert "the best guess was Sports" in visit.rows.first.inner_text()
    assert visit.button("Abstained").inner_text().split() == ["Abstained", "2"]
    minimum.fill("0")
    assert topics(visit) == ["Sports", "Business"]
    assert len(visit.requests) == before


def test_a_shown_topic_loses_its_rows_as_they_abstain(visit: Visit) -> None:
    visit.classify(GOAL, OIL)
    visit.button("Sports").first.click()
    visit.page.get_by_label("Minimum score").fill("100")
    expect(visit.rows).to_have_count(0)


def test_why_colours_the_words_that_count_and_names_them(visit: Visit) -> None:
    text = f"🎉🏽 {GOAL}"  # its emoji are four UTF-16 units and two characters
    visit.classify(text)
    visit.button("Why?").click()
    expect(visit.rows.first).to_contain_text("Speaks for Sports:")
    marked = visit.page.locator("mark.for").all_inner_texts()
    assert marked and set(marked) <= set(GOAL.split())
    assert headlines(visit) == [text]
    panel = visit.rows.first.inner_text()
    assert any(re.search(rf"{word} \+\d+\.\d", panel) for word in marked)
    visit.button("Why?").click()
    expect(visit.page.locator("mark")).to_have_count(0)
    assert headlines(visit) == [text]


def test_why_asks_once_for_one_headline(visit: Visit) -> None:
    visit.classify(GOAL, OIL)
    for _ in range(3):
        visit.button(f"Why? {OIL}").click()
    expect(visit.rows.nth(1)).to_contain_text("Speaks for Business:")
    assert [request.post_data_json for request in visit.pieces()[1:]] == [{"texts": [OIL], "top_k": 4, "explain": True}]


def test_a_text_that_was_cut_is_marked(visit: Visit) -> None:
    visit.classify(LONG.strip(), GOAL)
    assert ["Cut" in row for row in visit.rows.all_inner_texts()] == [True, False]
    assert "its end was left out" in visit.rows.first.inner_text()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_text_file_is_read_one_headline_a_line(visit: Visit, end: str) -> None:
    visit.drop("today.txt", f"\ufeff{GOAL}{end}{end}{OIL}{end}".encode())
    expect(visit.rows).to_have_count(2)
    assert headlines(visit) == [GOAL, OIL]
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
    assert visit.page.locator("#list .headline").evaluate_all("all => all.map(one => one.textContent)") == expected


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("rows.csv", b"name,price\na,1\n", "expected a first row that names a column text, headline or title"),
        ("rows.csv", b"name,price\na,1\n", "Its first row is: name, price."),
        ("rows.csv", b"", "It is empty."),
        ("rows.csv", b"text\n", "there is no headline in it."),
        ("rows.csv", b'text\n"never closed\nmore', "record 2 has a quote that does not begin and end a field"),
        ("rows.csv", "text\nCafé\n".encode("latin-1"), "it is not UTF-8 text, or cannot be read. Save it as UTF-8"),
        ("rows.txt", OIL.encode("utf-16"), "it is not UTF-8 text, or cannot be read. Save it as UTF-8"),
        ("rows.txt", b"\n \n", "there is no headline in it."),
        ("page.pdf", b"%PDF", "expected a .txt file, one headline a line, or a .csv file."),
    ],
)
def test_a_file_that_cannot_be_read_is_told_why(visit: Visit, name: str, content: bytes, said: str) -> None:
    visit.drop(name, content)
    assert f"{name}: " in complaint(visit)
    assert said in complaint(visit)
    expect(visit.rows).to_have_count(0)


def test_rows_that_cannot_be_answered_stand_among_the_others_with_their_reason(visit: Visit) -> None:
    visit.choose("rows.csv", f"id,text\n1,{GOAL}\n2,\n3,{OIL},stray\n".encode())
    expect(visit.rows).to_have_count(3)
    assert topics(visit) == ["Sports", "Error", "Error"]
    assert "the text is empty; send at least one word" in visit.rows.nth(1).inner_text()
    assert "The row has 3 fields, the first one has 2." in visit.rows.nth(2).inner_text()
    assert [row[-1] for row in downloaded(visit)[2:]] == [
        "the text is empty; send at least one word",
        "The row has 3 fields, the first one has 2.",
    ]


def test_the_download_holds_every_column_and_no_formula(visit: Visit) -> None:
    visit.choose("rows.csv", f'id,text\n-1,"=HYPERLINK(""x"")"\n2,"{GOAL}, ""again"""\n'.encode())
    expect(visit.rows).to_have_count(2)
    header, formula, goal = downloaded(visit)
    scores = ["score_World", "score_Sports", "score_Business", "score_Sci/Tech"]
    assert header == ["id", "text", "label", "score", "abstained", "truncated", *scores, "error"]
    assert formula[:2] == ["'-1", '\'=HYPERLINK("x")']
    assert (goal[:3], goal[4:6], goal[-1]) == (["2", f'{GOAL}, "again"', "Sports"], ["false", "false"], "")
    assert goal[3] == goal[7]
    assert sum(map(float, goal[6:10])) == pytest.approx(1, abs=0.001)


def test_the_download_says_what_abstained_and_has_no_id_where_there_was_none(visit: Visit) -> None:
    visit.classify(GOAL)
    visit.page.get_by_label("Minimum score").fill("100")
    header, row = downloaded(visit)
    assert header[:5] == ["text", "label", "score", "abstained", "truncated"]
    assert (row[1], row[3]) == ("", "true")


@pytest.mark.parametrize("text", [*SCRIPTS.values(), "<img src=x onerror=alert(1)> & <b>bold</b>", "{{7*7}} ${8*8}"])
def test_any_headline_is_shown_as_the_text_it_is(visit: Visit, text: str) -> None:
    visit.classify(text)
    visit.button("Why?").click()
    expect(visit.page.locator(".more")).to_contain_text(re.compile("Speaks|No single word"))
    assert headlines(visit) == [text]
    expect(visit.page.locator("#list :is(img, b)")).to_have_count(0)


def test_a_headline_is_set_in_its_own_direction(visit: Visit) -> None:
    visit.classify(SCRIPTS["arabic"], OIL)
    directions = visit.page.locator(".headline").evaluate_all("all => all.map(one => getComputedStyle(one).direction)")
    assert directions == ["rtl", "ltr"]


def test_two_thousand_headlines_go_in_pieces_and_are_drawn_in_slices(visit: Visit) -> None:
    visit.classify(*(f"Striker scores goal number {number}" for number in range(2000)))
    assert visit.sizes() == [50, 500, 500, 500, 450]
    expect(visit.rows).to_have_count(200)
    visit.button("Show 200 more of the other 1,800").click()
    expect(visit.rows).to_have_count(400)
    expect(visit.rows.nth(200)).to_be_focused()
    expect(visit.page.locator("#running")).to_be_hidden()
    assert len(downloaded(visit)) == 2001


def test_long_texts_go_in_smaller_pieces(visit: Visit) -> None:
    visit.drop("long.txt", "\n".join(f"{number} {OIL} " + "a" * 90_000 for number in range(7)).encode())
    expect(visit.rows).to_have_count(7)
    assert visit.sizes() == [2, 2, 2, 1]


def test_a_run_can_be_stopped_and_gone_on_with(visit: Visit) -> None:
    visit.paste(*(f"Oil price report number {number}" for number in range(3000)))
    visit.button("Classify").click()
    expect(visit.rows.first).to_be_visible()
    visit.button("Stop").click()
    expect(visit.status).to_contain_text("Stopped.")
    expect(visit.page.get_by_role("heading", name="Results")).to_be_focused()
    visit.button("Go on with the other").click()
    expect(visit.status).to_contain_text("3,000 headlines classified:", timeout=PATIENCE_MS)
    expect(visit.button("Go on with the other")).to_have_count(0)


def test_clear_forgets_everything(visit: Visit) -> None:
    visit.classify(OIL)
    visit.button("Clear").click()
    expect(visit.page.locator("#results")).to_be_hidden()
    expect(visit.page.get_by_label("Headlines, one a line")).to_have_value("")
    expect(visit.page.get_by_label("Headlines, one a line")).to_be_focused()


def test_nothing_to_classify_is_said_in_words(visit: Visit) -> None:
    visit.button("Classify").click()
    assert "There is no headline yet." in complaint(visit)
    visit.classify(OIL)
    expect(visit.page.get_by_role("alert")).to_be_empty()


def test_a_headline_that_the_server_refuses_is_marked_and_the_others_are_answered(visit: Visit) -> None:
    visit.choose("huge.txt", f"{GOAL}\n".encode() + b"a" * (7 * 1024 * 1024) + f"\n{OIL}".encode())
    expect(visit.rows).to_have_count(3)
    expect(visit.rows.nth(1)).to_contain_text("The server answered 413: ")
    expect(visit.rows.nth(2)).to_contain_text("Business")
    visit.forgive("413")


def test_a_gateway_error_without_a_reason_is_said_in_words(visit: Visit) -> None:
    def fail(route: Route) -> None:  # what AWS itself answers when a function dies
        route.fulfill(status=502, content_type="text/html", body="<html>Bad Gateway</html>")

    visit.page.route("**/classify", fail)
    visit.paste(OIL)
    visit.button("Classify").click()
    assert "The server answered 502: it gave no reason." in complaint(visit)
    visit.forgive("502")


def test_what_was_answered_stays_when_the_server_goes_away(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path) as (process, url), visited(browser, url) as visit:
        visit.paste(*(f"Oil price report number {number}" for number in range(3000)))
        visit.button("Classify").click()
        expect(visit.rows).to_have_count(50)
        process.kill()
        process.wait()
        assert "The server cannot be reached." in complaint(visit)
        expect(visit.rows).to_have_count(50)
        expect(visit.button("Go on with the other")).to_be_visible()
        assert visit.violations() == ""
        visit.button("Why?").first.click()
        expect(visit.rows.first).to_contain_text("Not explained. The server cannot be reached.")
        visit.problems[:] = [problem for problem in visit.problems if "net::ERR_" not in problem]


def test_the_footer_names_the_model_that_answers(visit: Visit) -> None:
    expect(visit.page.locator("#model")).to_contain_text(re.compile(r"Model \S+, revision \S+, engine onnx; version"))
    assert visit.page.request.get(visit.page.get_by_role("link", name="HTTP API").evaluate("link => link.href")).ok


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_everything_can_be_done_by_keyboard(visit: Visit) -> None:
    page = visit.page
    press(page, "Tab")
    page.keyboard.type(f"{GOAL}\n{OIL}")
    press(page, "Control+Enter")
    expect(visit.rows).to_have_count(2)
    order = ["Classify", "Try samples", "Choose a file…", "Clear", "Download CSV", "All", "World", "Sports", "Business"]
    for name in order:
        press(page, "Tab")
        expect(page.locator(":focus")).to_contain_text(name)
    press(page, "Enter")
    assert topics(visit) == ["Business"]
    press(page, "Tab", "Tab", "End")
    expect(page.get_by_label("Minimum score")).to_have_value("100")
    press(page, "Home", "Tab", "Enter")
    expect(page.locator(".four")).to_be_visible()
    press(page, "Tab", "Space")
    expect(page.locator("mark").first).to_be_visible()
    assert page.locator(":focus").evaluate("one => getComputedStyle(one).outlineStyle") == "solid"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing_and_nothing_overflows(
    browser: Browser, served_url: str, size: tuple[int, int], scheme: str
) -> None:
    with visited(browser, served_url, size, "dark" if scheme == "dark" else "light") as visit:
        expect(visit.page.locator("#model")).to_contain_text("revision")
        assert visit.violations() == ""
        visit.button("Try samples").click()
        expect(visit.rows).to_have_count(SAMPLES)
        visit.page.get_by_label("Minimum score").fill("80")
        visit.button("All four").nth(1).click()
        visit.button("Why?").last.click()
        expect(visit.page.locator("mark").first).to_be_visible()
        visit.page.mouse.move(0, 0)
        assert visit.violations() == ""
        assert visit.page.evaluate("document.documentElement.scrollWidth") == size[0]
        if (size, scheme) in SHOTS:
            visit.shot(SHOTS[size, scheme])
        visit.button("Clear").click()
        visit.button("Classify").click()
        assert complaint(visit)
        assert visit.violations() == ""


def test_dark_is_dark_and_light_is_light(browser: Browser, served_url: str) -> None:
    brightness = []
    for scheme in ("dark", "light"):
        with visited(browser, served_url, scheme="dark" if scheme == "dark" else "light") as visit:
            colour = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
            brightness.append(max(map(int, re.findall(r"\d+", colour))))
    assert brightness[0] < 60 < 240 < brightness[1]
