"""Lambda entry point: loads the classifier once per container, at import, and answers every event with it."""

import gc
import math
import time

gc.disable()  # nothing becomes garbage while loading, and collecting would slow down the start

from agnews.api.values import Json
from agnews.function.events import dispatch
from agnews.function.metrics import Observer
from agnews.function.queue import sqs_client
from agnews.model.classifier import load
from agnews.settings import Settings

SETTINGS = Settings.from_environment()
CLASSIFIER = load(SETTINGS)
CLASSIFIER.classify(["The first inference allocates memory and reads the weights: before the first event"])
OBSERVER = Observer(CLASSIFIER, SETTINGS)
if SETTINGS.results_queue_url:
    sqs_client()  # botocore is slow to import, so this runs before the first event, too
gc.freeze()  # exempts everything loaded so far from collections
gc.enable()


def lambda_handler(event: Json, context: dispatch.Context | None) -> dispatch.EventAnswer:
    """Return the answer to an event from any source. Without a context (None or {}) there is no deadline.

    Raises AgNewsError for an event that cannot be answered; over HTTP that is a status.
    """
    name = context.function_name if context else "local"
    remaining_ms = context.get_remaining_time_in_millis() if context else math.inf
    deadline = time.monotonic() + (remaining_ms - SETTINGS.reserve_ms) / 1000
    with OBSERVER.observe(name) as observation:
        return dispatch.answer(event, CLASSIFIER, SETTINGS, deadline, observation)
