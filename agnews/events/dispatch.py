"""From any event to its answer: the first source in EVENTS that matches parses and responds."""

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

from agnews.answer import Answer, answers
from agnews.classifier import Classifier
from agnews.errors import InputError
from agnews.events.direct import OneText, TextList, Warmup
from agnews.events.distributed_map import DistributedMap
from agnews.request import Json, Request, shown
from agnews.settings import Settings


class EventSource(Protocol):
    """One payload form. Stateless."""

    form: str
    """The payload, as an error message shows it."""

    @staticmethod
    def matches(event: Json) -> bool: ...

    @staticmethod
    def parse(event: Json, settings: Settings) -> Request: ...

    @staticmethod
    def respond(found: Sequence[Answer], classifier: Classifier, settings: Settings) -> Mapping[str, object]: ...


EVENTS: tuple[type[EventSource], ...] = (DistributedMap, Warmup, OneText, TextList)


def answer(event: Json, classifier: Classifier, settings: Settings, deadline: float = math.inf) -> Mapping[str, object]:
    """The answer to `event`, in its source's form; texts not begun by `deadline` (time.monotonic()) are DeadlineErrors.

    Raises:
        InputError: no source knows the form, or the whole request is unusable. Bad items do not raise.
        ModelError: the engine failed.
    """
    source = find(event)
    request = source.parse(event, settings)
    return source.respond(answers(request, classifier, deadline), classifier, settings)


def find(event: Json) -> type[EventSource]:
    """The event's source. Raises InputError, with the list of forms, where there is none."""
    for source in EVENTS:
        if source.matches(event):
            return source
    forms = "; ".join(source.form for source in EVENTS)
    raise InputError(f"an event must be one of: {forms}. Found {shown(event)}")
