from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.support.browser import Visit


@pytest.fixture(scope="package")
def browser() -> "Iterator[Browser]":
    from tests.support.browser import chromium  # here, because a lean environment has no playwright

    with chromium() as opened:
        yield opened


@pytest.fixture
def visit(browser: "Browser", served_url: str) -> "Iterator[Visit]":
    from tests.support.browser import visited

    with visited(browser, served_url) as opened:
        yield opened
