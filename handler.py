"""Lambda entry point: loads the classifier once per container, at import, and answers every event with it."""

import gc
import time
from typing import Protocol

gc.disable()  # until all is loaded, of which nothing goes: looking through it meanwhile makes a start longer

from agnews.api.request import Json
from agnews.function.events import dispatch
from agnews.function.metrics import Observer
from agnews.function.queue import sqs_client
from agnews.model.classifier import load
from agnews.settings import Settings


class Context(Protocol):
    """The part of Lambda's context object that is used."""

    @property
    def function_name(self) -> str: ...

    def get_remaining_time_in_millis(self) -> int: ...


SETTINGS = Settings.from_environment()
CLASSIFIER = load(SETTINGS)
CLASSIFIER.classify(["The first inference allocates and touches the weights: not in a caller's time"])
OBSERVER = Observer(CLASSIFIER, SETTINGS)
if SETTINGS.results_queue_url:
    sqs_client()  # botocore is slow to import: not in a record's time either
gc.freeze()  # nor are these looked through in a caller's time
gc.enable()


def lambda_handler(event: Json, context: Context) -> dispatch.Answered:
    """The answer to an event of any source. Raises AgNewsError for one that has none; over HTTP that is a status."""
    usable_ms = context.get_remaining_time_in_millis() - SETTINGS.reserve_ms
    with OBSERVER.watching(context.function_name) as observed:
        return dispatch.answer(event, CLASSIFIER, SETTINGS, time.monotonic() + usable_ms / 1000, observed)
