from collections.abc import Iterator

import pytest

from agnews.classifier import Classifier, load
from agnews.settings import Settings
from tests.local_lambda import served
from tests.requirement import require_runtime_client
from tests.runtime_api import RuntimeApi, runtime


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(workers=2)


@pytest.fixture(scope="session")
def classifier(settings: Settings) -> Classifier:
    return load(settings)


@pytest.fixture(scope="session")
def lambda_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuntimeApi]:
    """The handler in the real runtime client's process."""
    require_runtime_client()
    with runtime(tmp_path_factory.mktemp("runtime") / "log.txt") as api:
        yield api


@pytest.fixture(scope="session")
def served_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running `agnews serve`."""
    with served(tmp_path_factory.mktemp("serve")) as (_, url):
        yield url
