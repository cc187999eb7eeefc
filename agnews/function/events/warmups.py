"""Events that keep a container warm. They get the model and the engine, without an inference."""

import re
from collections.abc import Mapping, Sequence

from agnews.api.answer import Answer, model_facts
from agnews.api.columns import plain_name
from agnews.api.request import Request
from agnews.api.values import Json
from agnews.errors import InputError
from agnews.function.events.direct import Reading, holds_text
from agnews.model.classifier import Classifier
from agnews.settings import Settings

SCHEDULERS = frozenset({"aws.events", "aws.scheduler"})
"""EventBridge rules with a schedule, and EventBridge Scheduler."""
SCHEDULED = "Scheduled Event"
_WARM = re.compile(r"warm(up|er|ing)?$|warming?-?up", re.IGNORECASE)
"""Sources and keys that ask for a warm-up: `serverless-plugin-warmup`, `keepWarm`, `isWarmup`."""


class Warm:
    """How each of these events is read and answered."""

    @staticmethod
    def parse(event: Json, reading: Reading) -> Request:
        return Request(())

    @staticmethod
    def respond(predictions: Sequence[Answer], classifier: Classifier, settings: Settings) -> Mapping[str, object]:
        return {"warm": True, "model": model_facts(classifier)}


class Warmup(Warm):
    """`{"warmup": true}`."""

    form = '{"warmup": true}'

    @staticmethod
    def matches(event: Json) -> bool:
        return isinstance(event, dict) and "warmup" in event

    @staticmethod
    def parse(event: Json, reading: Reading) -> Request:
        if event != {"warmup": True} or event["warmup"] is not True:  # 1 equals True
            raise InputError(
                'a warm-up is exactly {"warmup": true}, without options beside it or in the query; '
                'to classify, leave "warmup" out'
            )
        return Request(())


class ScheduledEvent(Warm):
    """A schedule of EventBridge without an input of its own."""

    form = "EventBridge schedules"

    @staticmethod
    def matches(event: Json) -> bool:
        if not isinstance(event, dict) or holds_text(event):
            return False
        source, detail_type = event.get("source"), event.get("detail-type", SCHEDULED)
        return detail_type == SCHEDULED and isinstance(source, str) and source in SCHEDULERS


class WarmupPlugin(Warm):
    """A warm-up of a plugin or library, or a list of them. The container warms itself, and no others.

    `{"source": "serverless-plugin-warmup"}`, lambda-warmer's `{"warmer": true, "concurrency": 3}`, Thundra's `#warmup`.
    """

    form = "warm-up plugins"

    @staticmethod
    def matches(event: Json) -> bool:
        if isinstance(event, list):
            return bool(event) and all(map(_is_warmup, event))
        return _is_warmup(event)


def _is_warmup(event: Json) -> bool:
    if isinstance(event, str):
        return event.startswith("#warmup")
    if not isinstance(event, dict) or "warmup" in event or holds_text(event):  # `warmup` is Warmup's
        return False
    source = event.get("source")
    if isinstance(source, str) and _WARM.search(source):
        return True
    return any(_WARM.search(plain_name(key)) and value in (True, "true") for key, value in event.items())
