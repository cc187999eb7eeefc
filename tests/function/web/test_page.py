"""The page in a real browser, against the real `agnews serve`."""

import re
from pathlib import Path

import pytest

from agnews.labels import LABELS
from tests.support.local_lambda import served
from tests.support.requirement import require_module
from tests.support.texts import GOAL, OIL, SCRIPTS

require_module("axe_playwright_python", "playwright")

from playwright.sync_api import Browser, Route, expect  # noqa: E402

from tests.support.browser import PATIENCE_MS, Visit, visited  # noqa: E402

pytestmark = pytest.mark.browser

LONG = f"{GOAL} after a long evening. " * 40
SAMPLES = 9


def test_pasted_headlines_get_their_topic_and_score(visit: Visit) -> None:
    visit.classify(GOAL, "", OIL)
    assert list(zip(visit.topics(), visit.headlines(), strict=True)) == [("Sports", GOAL), ("Business", OIL)]
    for score in visit.page.locator(".scored").all_text_contents():
        assert re.fullmatch(r"\s*\d\d\.\d%", score)
    filled, track = (visit.rows.first.locator(path).bounding_box() for path in (".track > span", ".track"))
    assert filled and track and 0.8 < filled["width"] / track["width"] < 1


def test_the_samples_are_one_click_away_and_cover_every_topic(visit: Visit) -> None:
    visit.button("Try samples").click()
    expect(visit.status).to_contain_text(f"{SAMPLES} headlines classified")
    assert set(visit.topics()) == set(LABELS)


def test_the_samples_come_beneath_what_was_pasted(visit: Visit) -> None:
    visit.paste(OIL)
    visit.button("Try samples").click()
    expect(visit.rows).to_have_count(SAMPLES + 1)
    assert visit.headlines()[0] == OIL


def test_all_scores_open_and_close(visit: Visit) -> None:
    visit.classify(OIL)
    toggle = visit.button(f"All scores of {OIL}")
    toggle.click()
    expect(toggle).to_have_attribute("aria-expanded", "true")
    scores = visit.page.locator(".scores")
    assert sorted(scores.locator("dt").all_inner_texts()) == sorted(LABELS)
    shares = [float(text.strip("%\n ")) for text in scores.locator("dd:last-child").all_inner_texts()]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(100, abs=0.3)
    toggle.click()
    expect(scores).to_have_count(0)


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
    assert visit.topics() == ["Sports", "Sports"]
    expect(counts.get_by_role("button", name="Sports")).to_have_attribute("aria-pressed", "true")
    counts.get_by_role("button", name="All").click()
    expect(visit.rows).to_have_count(3)


def test_the_minimum_score_makes_headlines_abstain_at_once_without_a_request(visit: Visit) -> None:
    visit.classify(GOAL, OIL)
    before = len(visit.requests)
    minimum = visit.page.get_by_label("Minimum score")
    minimum.fill("100")
    assert visit.topics() == ["Abstained", "Abstained"]
    expect(visit.rows.first).to_contain_text("the best guess was Sports")
    assert visit.button("Abstained").inner_text().split() == ["Abstained", "2"]
    minimum.fill("0")
    assert visit.topics() == ["Sports", "Business"]
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
    expect(visit.rows.first).to_contain_text("Evidence for Sports:")
    marked = visit.page.locator("mark.for").all_inner_texts()
    assert marked and set(marked) <= set(GOAL.split())
    assert visit.headlines() == [text]
    panel = visit.rows.first.inner_text()
    assert any(re.search(rf"{word} \+\d+\.\d", panel) for word in marked)
    visit.button("Why?").click()
    expect(visit.page.locator("mark")).to_have_count(0)
    assert visit.headlines() == [text]


def test_why_asks_once_for_one_headline(visit: Visit) -> None:
    visit.classify(GOAL, OIL)
    for _ in range(3):
        visit.button(f"Why? {OIL}").click()
    expect(visit.rows.nth(1)).to_contain_text(re.compile("Evidence (for|against) Business:"))
    assert [request.post_data_json for request in visit.batches()[1:]] == [
        {"texts": [OIL], "top_k": 4, "explain": True}
    ]


def test_a_truncated_text_is_marked(visit: Visit) -> None:
    visit.classify(LONG.strip(), GOAL)
    assert ["Truncated" in row for row in visit.rows.all_text_contents()] == [True, False]
    expect(visit.rows.first).to_contain_text("the end was ignored")


@pytest.mark.parametrize("text", [*SCRIPTS.values(), "<img src=x onerror=alert(1)> & <b>bold</b>", "${8*8} {{7*7}} up"])
def test_any_headline_is_shown_as_the_text_it_is(visit: Visit, text: str) -> None:
    visit.classify(text)
    visit.button("Why?").click()
    expect(visit.page.locator(".more")).to_contain_text(re.compile("Evidence|No single word"))
    assert visit.headlines() == [text]
    expect(visit.page.locator("#list :is(img, b)")).to_have_count(0)


def test_a_headline_is_set_in_its_own_direction(visit: Visit) -> None:
    visit.classify(SCRIPTS["arabic"], OIL)
    directions = visit.page.locator(".headline").evaluate_all(
        "all => all.map(element => getComputedStyle(element).direction)"
    )
    assert directions == ["rtl", "ltr"]


def test_two_thousand_headlines_are_sent_in_batches_and_drawn_in_parts(visit: Visit) -> None:
    visit.classify(*(f"Striker scores goal number {number}" for number in range(2000)))
    assert visit.batch_sizes() == [50, 500, 500, 500, 450]
    expect(visit.rows).to_have_count(200)
    visit.button("Show 200 more (1,800 left)").click()
    expect(visit.rows).to_have_count(400)
    expect(visit.rows.nth(200)).to_be_focused()
    expect(visit.page.locator("#running")).to_be_hidden()
    assert len(visit.download()) == 2001


def test_long_texts_are_sent_in_smaller_batches(visit: Visit) -> None:
    visit.drop("long.txt", "\n".join(f"{number} {OIL} " + "a" * 90_000 for number in range(7)).encode())
    expect(visit.rows).to_have_count(7)
    assert visit.batch_sizes() == [2, 2, 2, 1]


def test_a_run_can_be_stopped_and_continued(visit: Visit) -> None:
    visit.paste(*(f"Oil price report number {number}" for number in range(3000)))
    visit.button("Classify").click()
    expect(visit.rows.first).to_be_visible()
    visit.button("Stop").click()
    expect(visit.status).to_contain_text("Stopped.")
    expect(visit.page.get_by_role("heading", name="Results")).to_be_focused()
    visit.button("Continue with the other").click()
    expect(visit.status).to_contain_text("3,000 headlines classified:", timeout=PATIENCE_MS)
    expect(visit.button("Continue with the other")).to_have_count(0)


def test_clear_forgets_everything(visit: Visit) -> None:
    visit.classify(OIL)
    visit.button("Clear").click()
    expect(visit.page.locator("#results")).to_be_hidden()
    expect(visit.page.get_by_label("One headline per line")).to_have_value("")
    expect(visit.page.get_by_label("One headline per line")).to_be_focused()


def test_without_headlines_a_message_appears(visit: Visit) -> None:
    visit.button("Classify").click()
    assert "There are no headlines yet." in visit.complaint()
    visit.classify(OIL)
    expect(visit.page.get_by_role("alert")).to_be_empty()


def test_a_gateway_error_without_a_reason_becomes_a_message(visit: Visit) -> None:
    def fail(route: Route) -> None:  # what AWS itself answers when a function dies
        route.fulfill(status=502, content_type="text/html", body="<html>Bad Gateway</html>")

    visit.page.route("**/classify", fail)
    visit.paste(OIL)
    visit.button("Classify").click()
    assert "The server returned 502: no reason given." in visit.complaint()
    visit.expect_problem("502")


def test_what_was_answered_stays_when_the_server_goes_away(browser: Browser, tmp_path: Path) -> None:
    with served(tmp_path) as (process, url), visited(browser, url) as visit:
        visit.paste(*(f"Oil price report number {number}" for number in range(3000)))
        visit.button("Classify").click()
        expect(visit.rows).to_have_count(50)
        process.kill()
        process.wait()
        assert "The server cannot be reached." in visit.complaint()
        expect(visit.rows).to_have_count(50)
        expect(visit.button("Continue with the other")).to_be_visible()
        assert visit.violations() == ""
        visit.button("Why?").first.click()
        expect(visit.rows.first).to_contain_text("No explanation. The server cannot be reached.")
        visit.problems[:] = [problem for problem in visit.problems if "net::ERR_" not in problem]


def test_the_footer_names_the_model_that_answers(visit: Visit) -> None:
    expect(visit.page.locator("#model")).to_contain_text(re.compile(r"Model \S+, revision \S+, engine onnx; version"))
    assert visit.page.request.get(visit.page.get_by_role("link", name="HTTP API").evaluate("link => link.href")).ok
