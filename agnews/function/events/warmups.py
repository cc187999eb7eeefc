"""Events that keep a container warm. They get the model and the engine, without an inference."""

from collections.abc import Mapping, Sequence

from agnews.api.answer import Answer, model_facts
from agnews.api.request import Json, Request
from agnews.errors import InputError
from agnews.function.events.direct import Reading, holds_text
from agnews.model.classifier import Classifier
from agnews.settings import Settings

SCHEDULERS = frozenset({"aws.events", "aws.scheduler"})
"""EventBridge rules with a schedule, and EventBridge Scheduler."""
PLUGINS = frozenset({"serverless-plugin-warmup", "serverless-plugin-lambda-warmup"})


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
        source = event.get("source")
        return event.get("detail-type") == "Scheduled Event" and isinstance(source, str) and source in SCHEDULERS


class WarmupPlugin(Warm):
    """A warm-up plugin of the Serverless Framework: `{"source": "serverless-plugin-warmup"}`."""

    form = "serverless-plugin-warmup"

    @staticmethod
    def matches(event: Json) -> bool:
        if not isinstance(event, dict) or holds_text(event):
            return False
        source = event.get("source")
        return isinstance(source, str) and source in PLUGINS


class LambdaWarmer(Warm):
    """lambda-warmer's `{"warmer": true, "concurrency": 3}`. The container warms itself, and no others."""

    form = "lambda-warmer"

    @staticmethod
    def matches(event: Json) -> bool:
        return isinstance(event, dict) and event.get("warmer") is True and not holds_text(event)
