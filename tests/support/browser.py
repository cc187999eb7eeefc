"""The page in Debian's Chromium, watched: it asks its own server only, and nothing is refused or logged."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, Request, expect, sync_playwright

from tests.support.requirement import ROOT, require

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",  # the tests may run as root
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # whatever else it might call has no address
)
PATIENCE_MS = 60_000
DESKTOP = (1200, 900)
PHONE = (320, 640)
"""The narrowest that WCAG 2.2 asks for (1.4.10)."""


@dataclass(frozen=True)
class Visit:
    """One open page, and what went wrong on it so far."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def status(self) -> Locator:
        return self.page.get_by_role("status")

    @property
    def rows(self) -> Locator:
        return self.page.locator("#list > li")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    def pieces(self) -> list[Request]:
        """The requests for topics so far."""
        return [request for request in self.requests if request.url.endswith("/classify")]

    def sizes(self) -> list[int]:
        """How many texts each of them sent."""
        return [len(json.loads(request.post_data or "{}")["texts"]) for request in self.pieces()]

    def paste(self, *headlines: str) -> None:
        """Replaces what was there, by way of the clipboard: Playwright's fill() takes a minute for 3,000 lines."""
        self.page.evaluate("text => navigator.clipboard.writeText(text)", "\n".join(headlines))
        self.page.get_by_label("Headlines, one a line").focus()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Control+V")

    def classify(self, *headlines: str) -> None:
        """Returns when every headline has its topic."""
        self.paste(*headlines)
        count = sum(bool(headline) for headline in headlines)
        self.button("Classify").click()
        expect(self.status).to_contain_text(f"{count:,} headline", timeout=PATIENCE_MS)
        expect(self.status).to_contain_text("classified:", timeout=PATIENCE_MS)

    def choose(self, name: str, content: bytes) -> None:
        """As if the file had been chosen in the browser's dialogue."""
        with self.page.expect_file_chooser() as chooser:
            self.button("Choose a file…").click()
        chooser.value.set_files({"name": name, "mimeType": "text/plain", "buffer": content})

    def drop(self, name: str, content: bytes) -> None:
        """As if the file had been dragged from a folder onto the page."""
        file = self.page.evaluate_handle(
            """([name, bytes]) => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([new Uint8Array(bytes)], name));
                return transfer;
            }""",
            [name, list(content)],
        )
        self.page.dispatch_event("body", "drop", {"dataTransfer": file})

    def forgive(self, told: str) -> None:
        """Takes out the one problem that the test meant to make."""
        found = [problem for problem in self.problems if told in problem]
        assert len(found) == 1, self.problems
        self.problems.remove(found[0])

    def violations(self) -> str:
        """What axe-core finds, as a report; empty if nothing."""
        found = Axe().run(self.page)
        return str(found.generate_report()) if found.violations_count else ""

    def shot(self, name: str) -> None:
        """Save a picture of the whole page as image/NAME.png below AGNEWS_RESULTS, if set."""
        folder = os.environ.get("AGNEWS_RESULTS")
        if folder:
            self.page.screenshot(path=ROOT / folder / "image" / f"{name}.png", full_page=True)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser that calls nobody by itself."""
    require(CHROMIUM.exists(), f"Chromium ({CHROMIUM})", "apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def visited(
    browser: Browser,
    url: str,
    size: tuple[int, int] = DESKTOP,
    scheme: Literal["light", "dark"] = "light",
) -> Iterator[Visit]:
    """The page, loaded. Fails at the end if it logged an error, was refused something or asked another host."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    visit = Visit(context.new_page())
    visit.page.set_default_timeout(PATIENCE_MS)

    def log(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):  # a refusal by the Content-Security-Policy is an error, too
            visit.problems.append(message.text)

    def sent(request: Request) -> None:
        visit.requests.append(request)
        if not request.url.startswith((f"{url}/", "data:", f"blob:{url}/")):
            visit.problems.append(f"asked {request.url}")

    def thrown(error: Error) -> None:
        visit.problems.append(f"threw {error}")

    visit.page.on("console", log)
    visit.page.on("request", sent)
    visit.page.on("pageerror", thrown)
    visit.page.goto(f"{url}/")
    yield visit
    context.close()
    assert visit.problems == []
