"""The page by keyboard, in two window sizes and two colour schemes."""

import re

import pytest

from tests.support.requirement import require_module
from tests.support.texts import GOAL, OIL

require_module("axe_playwright_python", "playwright")

from playwright.sync_api import Browser, Page, expect  # noqa: E402

from tests.support.browser import DESKTOP, DRAWN, PHONE, Visit, visited  # noqa: E402

pytestmark = pytest.mark.browser

SAMPLES = 9
SHOTS = {(DESKTOP, "light"): "page_light", (DESKTOP, "dark"): "page_dark", (PHONE, "light"): "page_phone"}
"""The pictures in the documents, by window size and colour scheme."""


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
    assert visit.topics() == ["Business"]
    press(page, "Tab", "Tab", "End")
    expect(page.get_by_label("Minimum score")).to_have_value("100")
    press(page, "Home", "Tab", "Enter")
    expect(page.locator(".scores")).to_be_visible()
    press(page, "Tab", "Space")
    expect(page.locator("mark").first).to_be_visible()
    assert page.locator(":focus").evaluate("element => getComputedStyle(element).outlineStyle") == "solid"


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
        visit.button("All scores").nth(1).click()
        visit.button("Why?").last.click()
        expect(visit.page.locator("mark").first).to_be_visible()
        visit.page.mouse.move(0, 0)
        assert visit.violations() == ""
        assert visit.page.evaluate("document.documentElement.scrollWidth") == size[0]
        if (size, scheme) in SHOTS:
            visit.shot(SHOTS[size, scheme])
        visit.button("Clear").click()
        visit.button("Classify").click()
        assert visit.complaint()
        assert visit.violations() == ""


def test_all_rows_are_printed(visit: Visit) -> None:
    visit.classify(*[OIL] * 100)
    visit.page.emulate_media(media="print")
    visit.page.wait_for_function(DRAWN)


def test_dark_is_dark_and_light_is_light(browser: Browser, served_url: str) -> None:
    brightness = []
    for scheme in ("dark", "light"):
        with visited(browser, served_url, scheme="dark" if scheme == "dark" else "light") as visit:
            colour = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
            brightness.append(max(map(int, re.findall(r"\d+", colour))))
    assert brightness[0] < 60 < 240 < brightness[1]
