"""Settings, read once from the environment. docs/operations.md lists them."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from agnews.errors import SettingsError

EngineName = Literal["onnx", "pipeline"]

ENGINES: tuple[EngineName, ...] = get_args(EngineName)

PACKAGE = Path(__file__).resolve().parent
IN_WHEEL = PACKAGE / "task"
TASK_ROOT = IN_WHEEL if IN_WHEEL.is_dir() else PACKAGE.parent
"""The folder of handler.py and model_cache/: inside the package in a wheel, beside it in a clone and in Lambda."""

RECOMMENDED_MIN_SCORE = 0.75
"""A `min_score` to start with: what the page marks and the documents' examples use."""
MEMORY_PER_VCPU_MB = 1769
"""Memory that comes with one vCPU (AWS, "Configure Lambda function memory")."""


class Settings(NamedTuple):
    """The settings of a deployment. Each field is read from the environment variable AGNEWS_<FIELD>."""

    engine: EngineName = "onnx"
    model_dir: Path = TASK_ROOT / "model_cache"
    workers: int = 1
    """Inferences computed at once. Default in Lambda: one per vCPU that comes with the memory; elsewhere: all CPUs."""
    max_texts: int = 10_000
    """Texts in one request."""
    max_chars: int = 100_000
    """Characters in one text. Tokens beyond the model's maximum are cut, and `truncated` is true in the answer."""
    max_answer_bytes: int = 6 * 1024 * 1024 - 4096
    """Bytes in an answer: Lambda's 6 MB minus what the runtime adds."""
    max_items_answer_bytes: int = 256 * 1024 - 4096
    """Bytes in an answer to Step Functions' Items: a state's 256 KiB minus its envelope."""
    reserve_ms: int = 500
    """Milliseconds kept back before the timeout. Texts not started by then are answered with DeadlineError."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call over HTTP, separated by commas; `*` allows all."""
    base_path: str = ""
    """The beginning of every path, such as `/news`, which a custom domain or a load balancer's rule leaves in it."""
    results_queue_url: str = ""
    """The SQS queue for answers to records of queues and streams. Without it, such records are refused."""
    dead_letter_queue_url: str = ""
    """The SQS queue for records that can never be classified. Without it, their errors go to the results queue."""
    metrics_namespace: str = "AGNews"
    """The CloudWatch namespace of the metrics."""
    log_texts: bool = False
    """Whether log lines include texts (1) or not (0)."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Return the settings in `environment`. Raises SettingsError for an invalid value, with its variable's name."""
        default = cls()
        engine = environment.get("AGNEWS_ENGINE") or default.engine
        if engine not in ENGINES:
            raise SettingsError(f"AGNEWS_ENGINE is {engine!r}; choose one of {', '.join(ENGINES)}")
        return cls(
            engine=engine,
            model_dir=Path(environment.get("AGNEWS_MODEL_DIR") or default.model_dir),
            workers=_positive_integer(environment, "AGNEWS_WORKERS", default_workers(environment)),
            max_texts=_positive_integer(environment, "AGNEWS_MAX_TEXTS", default.max_texts),
            max_chars=_positive_integer(environment, "AGNEWS_MAX_CHARS", default.max_chars),
            max_answer_bytes=_positive_integer(environment, "AGNEWS_MAX_ANSWER_BYTES", default.max_answer_bytes),
            max_items_answer_bytes=_positive_integer(
                environment, "AGNEWS_MAX_ITEMS_ANSWER_BYTES", default.max_items_answer_bytes
            ),
            reserve_ms=_positive_integer(environment, "AGNEWS_RESERVE_MS", default.reserve_ms),
            cors_origins=_cors_origins(environment.get("AGNEWS_CORS_ORIGINS", "")),
            base_path=_base_path(environment.get("AGNEWS_BASE_PATH", "")),
            results_queue_url=_queue_url(environment, "AGNEWS_RESULTS_QUEUE_URL"),
            dead_letter_queue_url=_queue_url(environment, "AGNEWS_DEAD_LETTER_QUEUE_URL"),
            metrics_namespace=_metrics_namespace(environment),
            log_texts=_switch(environment, "AGNEWS_LOG_TEXTS"),
        )


def default_workers(environment: Mapping[str, str]) -> int:
    """Return the number of vCPUs: in Lambda, those that come with the memory; elsewhere, those this process may use.

    `os.cpu_count()` is too high in Lambda: below 3,008 MB it is 2, however little CPU time the function gets.
    """
    memory_mb = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    if memory_mb:
        return max(1, round(_positive_integer(environment, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 0) / MEMORY_PER_VCPU_MB))
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cors_origins(value: str) -> tuple[str, ...]:
    origins = tuple(filter(None, (origin.strip() for origin in value.split(","))))
    for origin in origins:
        if origin != "*" and not re.fullmatch(r"https?://[^\s/?#*]+", origin):
            raise SettingsError(
                f"AGNEWS_CORS_ORIGINS contains {origin[:80]!r}; expected origins such as https://example.com"
            )
    return origins


def _base_path(value: str) -> str:
    """Return the path with a slash before it and none behind it; empty for none."""
    path = value.strip("/")
    if path and not re.fullmatch(r"[\w.~-]+(/[\w.~-]+)*", path, re.ASCII):
        raise SettingsError(f"AGNEWS_BASE_PATH is {value[:80]!r}; expected a path such as /news")
    return f"/{path}" if path else ""


def _queue_url(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if value and not re.fullmatch(r"https?://[^\s?#]+/[\w-]+(\.fifo)?", value):
        raise SettingsError(
            f"{name} is {value[:80]!r}; expected the URL of an SQS queue, https://sqs.REGION.amazonaws.com/…"
        )
    return value


def _metrics_namespace(environment: Mapping[str, str]) -> str:
    value = environment.get("AGNEWS_METRICS_NAMESPACE") or Settings().metrics_namespace
    if value.startswith("AWS/") or not re.fullmatch(r"[\w.#/:-]{1,255}", value, re.ASCII):
        raise SettingsError(
            f"AGNEWS_METRICS_NAMESPACE is {value[:40]!r}; expected 1 to 255 letters, digits and . - _ / # : "
            "that do not start with AWS/"
        )
    return value


def _switch(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name) or "0"
    if value not in {"0", "1"}:
        raise SettingsError(f"{name} is {value[:40]!r}; expected 0 or 1")
    return value == "1"


def _positive_integer(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or len(value) > 15 or int(value) == 0:
        raise SettingsError(f"{name} is {value[:40]!r}; expected a whole number of 1 or more")
    return int(value)
