import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from agnews.model.classifier import Classifier, load
from agnews.settings import Settings
from tests.support.aws_account import Account, account, moto
from tests.support.aws_imported import imported_aws
from tests.support.images import VARIANTS, Image, Variant, built
from tests.support.local_lambda import served
from tests.support.requirement import AWS, AWS_V2, require_aws, require_deploy_tools, require_module
from tests.support.runtime_api import RuntimeApi, runtime

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch's threads would wait at the expense of the other tests

SLOW = ("tests/benchmarks/", "tests/deploy/", "tests/modeling/")
"""The files to begin with, so that no process ends long after the others."""
TEST_VARIABLES = ("AGNEWS_LEAN", "AGNEWS_RESULTS")
"""Set by the Makefile: skip tests whose packages are missing, and the folder for measurements."""


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name compressed data by its argument: it holds the time, and tests need the same names in every process."""
    return argname if isinstance(val, bytes) and not val.isascii() else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(SLOW))


@pytest.fixture(scope="session", autouse=True)
def _without_the_developers_settings() -> Iterator[None]:
    """Remove AGNEWS_, AWS_ and HF_ variables from the tests and the processes that they start."""
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith(("AGNEWS_", "AWS_", "HF_")) and name not in TEST_VARIABLES:
                patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def settings() -> Settings:
    return Settings(workers=2)


@pytest.fixture(scope="session")
def classifier(settings: Settings) -> Classifier:
    return load(settings)


@pytest.fixture(scope="session")
def lambda_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuntimeApi]:
    """The handler in a process of the real runtime client."""
    require_module("awslambdaric")
    with runtime(tmp_path_factory.mktemp("runtime") / "log.txt") as api:
        yield api


@pytest.fixture(scope="session")
def served_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running `agnews serve`."""
    with served(tmp_path_factory.mktemp("serve")) as (_, url):
        yield url


@pytest.fixture(scope="session")
def aws_program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The AWS CLI, for tests that call it often."""
    require_aws()
    if AWS_V2:
        yield AWS
        return
    with imported_aws(tmp_path_factory.mktemp("aws")) as program:
        yield program


@pytest.fixture(scope="session")
def moto_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a moto server, which each account empties first."""
    require_deploy_tools()
    with moto(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(scope="module")
def aws(moto_url: str, served_url: str) -> Iterator[Account]:
    """An AWS account without functions, simulated by moto."""
    with account(moto_url, served_url) as aws_account:
        yield aws_account


@pytest.fixture(scope="module", params=VARIANTS)
def image(request: pytest.FixtureRequest) -> Image:
    """Each image, built when a test first needs it."""
    variant = request.param
    assert isinstance(variant, Variant)
    return built(variant)


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Restore the default signal handlers for the processes that the test starts: nohup makes them ignore signals."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def one_torch_thread() -> Iterator[None]:
    """Let torch use one thread: for matrices as small as a tiny checkpoint's, a second one makes it slower."""
    import torch  # not installed in a lean run

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint, its labels in SHUFFLED's order; shared, so not to be changed."""
    from tests.support.tiny_checkpoint import SHUFFLED, write_safetensors

    return write_safetensors(tmp_path_factory.mktemp("tiny"), SHUFFLED)


@pytest.fixture
def folder(tiny: Path, tmp_path: Path) -> Path:
    """A copy of `tiny` for one test."""
    return shutil.copytree(tiny, tmp_path / "checkpoint")
