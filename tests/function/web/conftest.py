from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.labelled import write_labelled
from tests.support.local_lambda import served

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


@pytest.fixture(scope="module")
def labelled_url(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a running `agnews serve` whose checkpoint has the labels that the test's parameter gives."""
    folder = tmp_path_factory.mktemp("serve")
    model = write_labelled(folder / "model", request.param)
    with served(folder, AGNEWS_MODEL_DIR=str(model)) as (_, url):
        yield url
