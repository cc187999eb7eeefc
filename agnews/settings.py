"""Settings, read once from the environment. The table in README.md is held against this file by a test."""

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

MEMORY_PER_VCPU_MB = 1769
"""Lambda credits one vCPU per 1,769 MB (AWS, "Configure Lambda function memory")."""


class Settings(NamedTuple):
    """What a deployment can choose. Each field is the environment variable AGNEWS_<FIELD>."""

    engine: EngineName = "onnx"
    model_dir: Path = TASK_ROOT / "model_cache"
    workers: int = 1
    """Runs computed at once. Default: one per vCPU that the memory setting pays for; outside Lambda, all CPUs."""
    max_texts: int = 10_000
    """Texts in one request."""
    max_chars: int = 100_000
    """Characters in one text. Tokens beyond the model's maximum are cut, and the answer says so."""
    max_answer_bytes: int = 6 * 1024 * 1024 - 4096
    """Bytes of an answer to a list: Lambda's 6 MB less the runtime's own framing."""
    max_items_answer_bytes: int = 256 * 1024 - 4096
    """Bytes of an answer to Step Functions' Items: a state's 256 KiB less its envelope."""
    reserve_ms: int = 500
    """Time kept back before the function's timeout; texts not begun by then are answered with DeadlineError."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call over HTTP, with commas between them; `*` is everybody."""
    results_queue_url: str = ""
    """The SQS queue for the answers to records of queues and streams, which are refused without it."""
    dead_letter_queue_url: str = ""
    """The SQS queue for records that can never be answered, as they came. Without it their errors are results."""
    metrics_namespace: str = "AGNews"
    """CloudWatch's namespace of the metrics that log lines carry."""
    log_texts: bool = False
    """Whether log lines hold the texts (1) or not (0)."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Settings of this process. Raises SettingsError, naming the variable, for a value that cannot be used."""
        default = cls()
        engine = environment.get("AGNEWS_ENGINE") or default.engine
        if engine not in ENGINES:
            raise SettingsError(f"AGNEWS_ENGINE is {engine!r}; choose one of {', '.join(ENGINES)}")
        return cls(
            engine=engine,
            model_dir=Path(environment.get("AGNEWS_MODEL_DIR") or default.model_dir),
            workers=_positive(environment, "AGNEWS_WORKERS", default_workers(environment)),
            max_texts=_positive(environment, "AGNEWS_MAX_TEXTS", default.max_texts),
            max_chars=_positive(environment, "AGNEWS_MAX_CHARS", default.max_chars),
            max_answer_bytes=_positive(environment, "AGNEWS_MAX_ANSWER_BYTES", default.max_answer_bytes),
            max_items_answer_bytes=_positive(
                environment, "AGNEWS_MAX_ITEMS_ANSWER_BYTES", default.max_items_answer_bytes
            ),
            reserve_ms=_positive(environment, "AGNEWS_RESERVE_MS", default.reserve_ms),
            cors_origins=_origins(environment.get("AGNEWS_CORS_ORIGINS", "")),
            results_queue_url=_queue(environment, "AGNEWS_RESULTS_QUEUE_URL"),
            dead_letter_queue_url=_queue(environment, "AGNEWS_DEAD_LETTER_QUEUE_URL"),
            metrics_namespace=_namespace(environment),
            log_texts=_switch(environment, "AGNEWS_LOG_TEXTS"),
        )


def default_workers(environment: Mapping[str, str]) -> int:
    """vCPUs worth of workers: by the memory setting in Lambda, else the CPUs this process may use.

    `os.cpu_count()` overstates in Lambda: a sandbox below 3,008 MB shows two CPUs whatever it is credited.
    """
    memory_mb = environment.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
    if memory_mb:
        return max(1, round(_positive(environment, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", 0) / MEMORY_PER_VCPU_MB))
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _origins(value: str) -> tuple[str, ...]:
    found = tuple(filter(None, (part.strip() for part in value.split(","))))
    for origin in found:
        if origin != "*" and not re.fullmatch(r"https?://[^\s/?#*]+", origin):
            raise SettingsError(
                f"AGNEWS_CORS_ORIGINS has {origin[:80]!r}; expected origins such as https://example.com"
            )
    return found


def _queue(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if value and not re.fullmatch(r"https?://[^\s?#]+/[\w-]+(\.fifo)?", value):
        raise SettingsError(f"{name} is {value[:80]!r}; expected a queue's URL, https://sqs.REGION.amazonaws.com/…")
    return value


def _namespace(environment: Mapping[str, str]) -> str:
    value = environment.get("AGNEWS_METRICS_NAMESPACE") or Settings().metrics_namespace
    if value.startswith("AWS/") or not re.fullmatch(r"[\w.#/:-]{1,255}", value, re.ASCII):
        raise SettingsError(
            f"AGNEWS_METRICS_NAMESPACE is {value[:40]!r}; expected up to 255 letters, digits and . - _ / # :, not AWS/…"
        )
    return value


def _switch(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name) or "0"
    if value not in {"0", "1"}:
        raise SettingsError(f"{name} is {value[:40]!r}; expected 0 or 1")
    return value == "1"


def _positive(environment: Mapping[str, str], name: str, default: int) -> int:
    value = environment.get(name)
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or len(value) > 15 or int(value) == 0:
        raise SettingsError(f"{name} is {value[:40]!r}; expected a whole number of 1 or more")
    return int(value)
