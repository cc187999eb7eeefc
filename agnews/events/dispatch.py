"""From any event to its answer: the first source that matches reads it, and the answer goes back in its form."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from agnews.answer import Answer, answers, sent_bytes
from agnews.classifier import Classifier
from agnews.errors import AnswerSizeError, InputError
from agnews.events.direct import OneText, TextList, Warmup
from agnews.events.distributed_map import DistributedMap
from agnews.events.http import Alb, ApiGatewayV1, ApiGatewayV2, FunctionUrl
from agnews.request import Json, Request, shown
from agnews.settings import Settings
from agnews.web.message import HttpReply, HttpRequest


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


class HttpSource(Protocol):
    """One form in which HTTP requests come. Stateless."""

    form: str
    max_bytes: int
    """The largest answer that it hands on."""

    @staticmethod
    def matches(event: Json) -> bool: ...

    @staticmethod
    def read(event: dict[str, Any]) -> HttpRequest: ...

    @staticmethod
    def write(event: dict[str, Any], reply: HttpReply) -> dict[str, object]: ...


HTTP: tuple[type[HttpSource], ...] = (FunctionUrl, ApiGatewayV2, ApiGatewayV1, Alb)
DIRECT: tuple[type[EventSource], ...] = (Warmup, OneText, TextList)
EVENTS: tuple[type[EventSource], ...] = (DistributedMap, *DIRECT)


def answer(event: Json, classifier: Classifier, settings: Settings, deadline: float = math.inf) -> Mapping[str, object]:
    """The answer to `event`, in its source's form; texts not begun by `deadline` (time.monotonic()) are DeadlineErrors.

    Raises:
        InputError: no source knows the form, or the whole request is unusable. Bad items do not raise.
        ModelError: the engine failed.

    What a carrier sends over HTTP is answered with a status instead.
    """
    for http in HTTP:
        if isinstance(event, dict) and http.matches(event):
            return over_http(http, event, classifier, settings, deadline)
    return respond(find(event, EVENTS), event, classifier, settings, deadline)


def respond(
    source: type[EventSource], event: Json, classifier: Classifier, settings: Settings, deadline: float
) -> Mapping[str, object]:
    """The source's answer. Raises as `answer` does."""
    request = source.parse(event, settings)
    return source.respond(answers(request, classifier, settings, deadline), classifier, settings)


def over_http(
    source: type[HttpSource], event: dict[str, Any], classifier: Classifier, settings: Settings, deadline: float
) -> Mapping[str, object]:
    """The source's answer: a status, headers and a body, small enough to be handed on."""
    from agnews.web.errors import error_reply
    from agnews.web.routes import Service, finished, reply  # with gzip and email, which other sources do without

    def classify(body: Json) -> Mapping[str, object]:
        return respond(find(body, DIRECT), body, classifier, settings, deadline)

    request = source.read(event)
    found = source.write(event, reply(request, Service(classify, classifier, settings)))
    most = min(source.max_bytes, settings.max_answer_bytes)
    if sent_bytes(found) <= most:
        return found
    told = f"the answer has more than {most:,} bytes; send fewer texts, lower top_k, leave out explain, or accept gzip"
    return source.write(event, finished(error_reply(AnswerSizeError(told)), request, settings))


def find(event: Json, sources: Sequence[type[EventSource]]) -> type[EventSource]:
    """The event's source. Raises InputError, with the list of forms, where there is none."""
    for source in sources:
        if source.matches(event):
            return source
    forms = "; ".join([source.form for source in sources] + [http.form for http in HTTP if sources is EVENTS])
    raise InputError(f"an event must be one of: {forms}. Found {shown(event)}")
