"""The page with a checkpoint's own topics: few and many, whatever they are called."""

import json
import re
from typing import Literal

import pytest

from agnews.labels import LABELS
from tests.support.labelled import FIVE, HUNDRED, ODD, THIRTY, headline_about
from tests.support.requirement import require_module

require_module("axe_playwright_python", "playwright")

from playwright.sync_api import Browser, Page, expect  # noqa: E402

from tests.support.browser import DESKTOP, PHONE, Visit, visited  # noqa: E402

pytestmark = pytest.mark.browser

HOSTILE = (
    *("All", "Error", "Abstained", "<b>bold</b>", "</script><script>alert(1)</script>", '"quoted" & it\'s'),
    *('=HYPERLINK("x")', "__proto__", "constructor", "7", "3", "${8*8}", "$title", "أخبار", *ODD),
)
"""Labels that are something else to a page, a script, a spreadsheet or an object of JavaScript."""
COLOURS = """() => {
    const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const luminance = (colour) => {
        context.fillStyle = colour;
        context.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...context.getImageData(0, 0, 1, 1).data].map((value) => value / 255)
            .map((value) => value <= .04045 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4);
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const probe = document.getElementById("results");
    const shown = (colour) => { probe.style.color = colour; return getComputedStyle(probe).color; };
    const card = luminance(getComputedStyle(probe).backgroundColor);
    return [...LABELS.keys()].map((position) => {
        const [low, high] = [card, luminance(shown(toneOf(position)))].sort((a, b) => a - b);
        return [shown(toneOf(position)), (high + .05) / (low + .05)];
    });
}"""
"""The colour of each topic, and its contrast with the card that it is on."""


def counts(visit: Visit) -> list[list[str]]:
    """Return the names and numbers of the filters that can be seen."""
    buttons = visit.page.get_by_role("group", name="Headlines per topic").get_by_role("button")
    return [text.split("\n") for text in buttons.all_inner_texts()]


@pytest.mark.parametrize("labelled_url", [FIVE], indirect=True)
def test_few_topics_are_named_and_each_is_shown(browser: Browser, labelled_url: str) -> None:
    with visited(browser, labelled_url) as visit:
        assert visit.page.title() == "News topics: Politics, Health, Travel, Food, Weather"
        expect(visit.page.locator(".lede")).to_contain_text("Politics, Health, Travel, Food or Weather, with a")
        visit.classify(*map(headline_about, (4, 0, 4)))
        assert visit.topics() == ["Weather", "Politics", "Weather"]
        assert counts(visit) == [
            ["All", "3"],
            ["Politics", "1"],
            *([name, "0"] for name in FIVE[1:4]),
            ["Weather", "2"],
        ]
        assert visit.download()[0][6:11] == [f"score_{label}" for label in FIVE]
        expect(visit.page.locator("footer")).not_to_contain_text("non-commercial")
        expect(visit.page.locator("#start-value")).to_be_hidden()


@pytest.mark.parametrize("labelled_url", [THIRTY, HUNDRED], indirect=True)
def test_many_topics_are_counted_the_most_frequent_first_and_the_others_on_request(
    browser: Browser, labelled_url: str
) -> None:
    with visited(browser, labelled_url) as visit:
        expect(visit.page.locator(".lede")).to_contain_text(re.compile("One of (30|100) topics, with a"))
        visit.classify(*(headline_about(label) for label in range(30) for _ in range(2 if label > 19 else 1)))
        expect(visit.status).to_have_text(
            "40 headlines classified: 2 Section 21, 2 Section 22, 2 Section 23, 2 Section 24, 2 Section 25, "
            "30 in 25 other topics."
        )
        tenth = [["All", "40"], *([f"Section {number}", "2"] for number in range(21, 31))]
        assert counts(visit) == [*tenth, ["20 more topics"]]
        visit.button("20 more topics").click()
        assert len(counts(visit)) == 32
        visit.page.get_by_role("button", name=re.compile("^Section 7 ")).click()
        expect(visit.rows).to_have_count(1)
        visit.button("Fewer topics").click()
        assert counts(visit)[1] == ["Section 7", "1"], "what the list shows keeps its filter"


@pytest.mark.parametrize("labelled_url", [THIRTY], indirect=True)
def test_a_click_on_a_score_opens_the_ten_best(browser: Browser, labelled_url: str) -> None:
    with visited(browser, labelled_url) as visit:
        visit.classify(headline_about(12))
        visit.button(f"The 10 best scores of {headline_about(12)}").click()
        names = visit.page.locator(".scores dt").all_inner_texts()
        assert (len(names), names[0]) == (10, "Section 13")
        assert [json.loads(request.post_data or "")["top_k"] for request in visit.batches()] == [10]
        header, row = visit.download()
        assert header[6:36] == [f"score_{label}" for label in THIRTY]
        assert sum(bool(cell) for cell in row[6:36]) == 10


@pytest.mark.parametrize("labelled_url", [HOSTILE], indirect=True)
def test_a_topic_is_shown_as_the_text_it_is_and_is_no_group_of_the_pages_own(
    browser: Browser, labelled_url: str
) -> None:
    with visited(browser, labelled_url) as visit:
        visit.classify(*map(headline_about, range(len(HOSTILE))))
        assert visit.topics() == list(HOSTILE)
        expect(visit.page.locator("main :is(b b, span b, dt b, script)")).to_have_count(0)
        visit.page.get_by_role("button", name="All 1").click()
        assert visit.topics() == ["All"]
        visit.button("The 10 best scores").click()
        assert len(visit.page.locator(".scores dt").all_inner_texts()) == 10
        visit.button("Why?").click()
        expect(visit.rows.first).to_contain_text("Evidence for All:")
        header, *rows = visit.download()
        formula = [f"'{label}" if label[0] in "=" else label for label in HOSTILE]
        assert [row[1] for row in rows] == formula
        assert all(float(row[6 + index]) == float(row[2]) for index, row in enumerate(rows)), "each in its own column"
        assert header[6 : 6 + len(HOSTILE)] == [f"score_{label}" for label in HOSTILE]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("labelled_url", [THIRTY, HOSTILE], indirect=True)
def test_axe_finds_nothing_and_nothing_overflows(
    browser: Browser, labelled_url: str, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    with visited(browser, labelled_url, size, scheme) as visit:
        visit.classify(*map(headline_about, range(22)))
        visit.page.get_by_label("Minimum score").fill("50")
        visit.page.locator("#more-topics").click()
        visit.page.locator("button.scored").last.click()
        visit.page.mouse.move(0, 0)
        assert visit.violations() == ""
        assert visit.page.evaluate("document.documentElement.scrollWidth") == size[0]


def colours(page: Page) -> list[tuple[str, float]]:
    return [(str(colour), float(contrast)) for colour, contrast in page.evaluate(COLOURS)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("labelled_url", [HUNDRED], indirect=True)
def test_48_topics_have_a_colour_of_their_own_and_all_enough_contrast(
    browser: Browser, labelled_url: str, scheme: Literal["light", "dark"]
) -> None:
    with visited(browser, labelled_url, scheme=scheme) as visit:
        shown = colours(visit.page)
    assert len({colour for colour, _ in shown[:48]}) == 48
    assert min(contrast for _, contrast in shown) >= 4.5  # WCAG 2.2, 1.4.3


def test_ag_news_topics_keep_their_colours(visit: Visit) -> None:
    assert [colour for colour, _ in colours(visit.page)] == [
        "rgb(29, 95, 168)",
        "rgb(27, 115, 64)",
        "rgb(147, 86, 0)",
        "rgb(107, 63, 181)",
    ]
    assert visit.page.title() == f"News topics: {', '.join(LABELS)}"
