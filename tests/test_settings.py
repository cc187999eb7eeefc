from pathlib import Path

import pytest

from agnews.errors import SettingsError
from agnews.settings import Settings


@pytest.mark.parametrize(
    ("memory_mb", "workers"),
    [("128", 1), ("1024", 1), ("1769", 1), ("2653", 1), ("2654", 2), ("3008", 2), ("5307", 3), ("10240", 6)],
)
def test_workers_follow_the_vcpus_that_the_memory_setting_pays_for(memory_mb: str, workers: int) -> None:
    assert Settings.from_environment({"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory_mb}).workers == workers


def test_a_named_number_of_workers_wins_over_the_memory_setting() -> None:
    environment = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1769", "AGNEWS_WORKERS": "4"}
    assert Settings.from_environment(environment).workers == 4


def test_every_field_is_read_from_its_own_variable() -> None:
    settings = Settings.from_environment(
        {
            "AGNEWS_ENGINE": "pipeline",
            "AGNEWS_MODEL_DIR": "/opt/model",
            "AGNEWS_WORKERS": "2",
            "AGNEWS_MAX_TEXTS": "3",
            "AGNEWS_MAX_CHARS": "4",
            "AGNEWS_MAX_ANSWER_BYTES": "5",
            "AGNEWS_MAX_ITEMS_ANSWER_BYTES": "6",
            "AGNEWS_RESERVE_MS": "7",
        }
    )
    assert settings == Settings("pipeline", Path("/opt/model"), 2, 3, 4, 5, 6, 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AGNEWS_ENGINE", "tensorflow"),
        ("AGNEWS_WORKERS", "0"),
        ("AGNEWS_WORKERS", "two"),
        ("AGNEWS_MAX_TEXTS", "-1"),
        ("AGNEWS_MAX_CHARS", "1e3"),
        ("AGNEWS_RESERVE_MS", "²"),
        ("AGNEWS_BASE_PATH", "https://example.com/news"),
        ("AGNEWS_BASE_PATH", "/news room"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "lots"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is {value!r}"):
        Settings.from_environment({name: value})


def test_empty_variables_mean_the_defaults() -> None:
    settings = Settings.from_environment({"AGNEWS_ENGINE": "", "AGNEWS_MAX_TEXTS": "", "AGNEWS_WORKERS": "1"})
    assert settings == Settings()
