"""The page in Debian's Chromium. It must not call another server, log an error or be refused something."""

import csv
import io
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
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # other hosts have no address
)
PATIENCE_MS = 60_000
HEIGHT = "document.documentElement.scrollHeight"
DRAWN = "[...document.querySelectorAll('.words')].every(row => row.checkVisibility({ contentVisibilityAuto: true }))"
DESKTOP = (1200, 900)
PHONE = (320, 640)
"""The narrowest window in WCAG 2.2 (1.4.10)."""


@dataclass(frozen=True)
class Visit:
    """An open page, its requests and its problems so far."""

    page: Page
    requests: list[Request] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def status(self) -> Locator:
        return self.page.get_by_role("status")

    @property
    def rows(self) -> Locator:
        return self.page.locator("#list > li")

    def topics(self) -> list[str]:
        return self.page.locator("#list .topic").all_text_contents()

    def headlines(self) -> list[str]:
        """Return the rows' headlines. `all_inner_texts` is empty for a row that the browser has not yet drawn."""
        return self.page.locator("#list .headline").all_text_contents()

    def complaint(self) -> str:
        """Wait for the error message and return it."""
        alert = self.page.get_by_role("alert")
        expect(alert).to_contain_text("That did not work.")
        return alert.inner_text()

    def download(self) -> list[list[str]]:
        """Download the CSV file and return its rows."""
        with self.page.expect_download() as download:
            self.button("Download CSV").click()
        content = Path(download.value.path()).read_bytes()
        assert download.value.suggested_filename == "topics.csv"
        assert content.startswith(b"\xef\xbb\xbf")  # without it, spreadsheets do not read UTF-8
        return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name)

    def batches(self) -> list[Request]:
        """Return the requests to /classify so far."""
        return [request for request in self.requests if request.url.endswith("/classify")]

    def batch_sizes(self) -> list[int]:
        """Return the number of texts in each of them."""
        return [len(json.loads(request.post_data or "{}")["texts"]) for request in self.batches()]

    def paste(self, *headlines: str) -> None:
        """Replace the headlines from the clipboard: Playwright's fill() takes a minute for 3,000 lines."""
        self.page.evaluate("text => navigator.clipboard.writeText(text)", "\n".join(headlines))
        self.page.get_by_label("One headline per line").focus()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Control+V")

    def classify(self, *headlines: str) -> None:
        """Classify the headlines and wait until all have their topic."""
        self.paste(*headlines)
        count = sum(bool(headline) for headline in headlines)
        self.button("Classify").click()
        expect(self.status).to_contain_text(f"{count:,} headline", timeout=PATIENCE_MS)
        expect(self.status).to_contain_text("classified:", timeout=PATIENCE_MS)

    def choose(self, name: str, content: bytes) -> None:
        """Choose a file in the browser's dialogue."""
        with self.page.expect_file_chooser() as chooser:
            self.button("Choose a file…").click()
        chooser.value.set_files({"name": name, "mimeType": "text/plain", "buffer": content})

    def drop(self, name: str, content: bytes) -> None:
        """Drag a file from a folder onto the page."""
        file = self.page.evaluate_handle(
            """([name, bytes]) => {
                const transfer = new DataTransfer();
                transfer.items.add(new File([new Uint8Array(bytes)], name));
                return transfer;
            }""",
            [name, list(content)],
        )
        self.page.dispatch_event("body", "drop", {"dataTransfer": file})

    def expect_problem(self, text: str) -> None:
        """Remove the one problem that the test causes on purpose."""
        expected = [problem for problem in self.problems if text in problem]
        assert len(expected) == 1, self.problems
        self.problems.remove(expected[0])

    def violations(self) -> str:
        """Return axe-core's report, empty if there are no violations."""
        results = Axe().run(self.page)
        return str(results.generate_report()) if results.violations_count else ""

    def shot(self, name: str) -> None:
        """Save a picture of the whole page as image/NAME.png below AGNEWS_RESULTS, if set."""
        folder = os.environ.get("AGNEWS_RESULTS")
        if folder:
            self.show_all()
            self.page.screenshot(path=ROOT / folder / "image" / f"{name}.png", full_page=True)

    def show_all(self) -> None:
        """Make the window as high as the page, so that all rows are drawn. A picture would skip those outside."""
        size = self.page.viewport_size
        assert size is not None
        self.page.set_viewport_size({"width": size["width"], "height": self.page.evaluate(HEIGHT)})
        self.page.wait_for_function(DRAWN)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless browser that makes no calls of its own."""
    require(CHROMIUM.exists(), f"Chromium ({CHROMIUM})", "apt-get install chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def visited(
    browser: Browser, url: str, size: tuple[int, int] = DESKTOP, scheme: Literal["light", "dark"] = "light"
) -> Iterator[Visit]:
    """The page, loaded. Fails at the end if it logged an error, was refused something or called another host."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    visit = Visit(context.new_page())
    visit.page.set_default_timeout(PATIENCE_MS)
    record(visit, url)
    visit.page.goto(f"{url}/")
    yield visit
    context.close()
    assert visit.problems == []


def record(visit: Visit, url: str) -> None:
    """Note the page's requests and problems in `visit`."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):  # a refusal by the Content-Security-Policy is an error, too
            visit.problems.append(message.text)

    def on_request(request: Request) -> None:
        visit.requests.append(request)
        if not request.url.startswith((f"{url}/", "data:", f"blob:{url}/")):
            visit.problems.append(f"asked {request.url}")

    def on_error(error: Error) -> None:
        visit.problems.append(f"threw {error}")

    visit.page.on("console", on_console)
    visit.page.on("request", on_request)
    visit.page.on("pageerror", on_error)
