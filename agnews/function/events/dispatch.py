"""From any event to its answer: the first source that matches reads it, and the answer goes back in its form."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from agnews.api.answer import Answer, answers, sent_bytes
from agnews.api.request import Json, Request, describe
from agnews.errors import AnswerSizeError, InputError
from agnews.function.events.direct import OneText, TextList, Warmup
from agnews.function.events.distributed_map import DistributedMap
from agnews.function.events.http import Alb, ApiGatewayV1, ApiGatewayV2, FunctionUrl
from agnews.function.events.records import Outcome, Record, computing_ends, outcomes
from agnews.function.events.sns_pipes import Pipe, Sns
from agnews.function.events.sqs_kinesis import Kinesis, Sqs
from agnews.function.metrics import Observed
from agnews.function.web.message import HttpReply, HttpRequest
from agnews.model.classifier import Classifier
from agnews.settings import Settings

Answered = Mapping[str, object] | Sequence[Mapping[str, object]]
Responded = Mapping[str, list[dict[str, str]]] | Sequence[Mapping[str, object]]
"""A partial batch response, or as many answers as there were records."""


class Context(Protocol):
    """The part of Lambda's context object that is used."""

    @property
    def function_name(self) -> str: ...

    def get_remaining_time_in_millis(self) -> int: ...


class Invocation(NamedTuple):
    """What an event is answered with, and by when."""

    classifier: Classifier
    settings: Settings
    deadline: float
    """On time.monotonic()'s clock."""
    observed: Observed


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


class RecordSource(Protocol):
    """One form in which records of queues, topics and streams come. Stateless."""

    form: str

    @staticmethod
    def matches(event: Json) -> bool: ...

    @staticmethod
    def read(event: Any, settings: Settings) -> list[Record]: ...

    @staticmethod
    def respond(event: Any, found: Sequence[Outcome], settings: Settings, deadline: float) -> Responded: ...


HTTP: tuple[type[HttpSource], ...] = (FunctionUrl, ApiGatewayV2, ApiGatewayV1, Alb)
RECORDS: tuple[type[RecordSource], ...] = (Sqs, Kinesis, Sns, Pipe)
DIRECT: tuple[type[EventSource], ...] = (Warmup, OneText, TextList)
EVENTS: tuple[type[EventSource], ...] = (DistributedMap, *DIRECT)
ALL: tuple[type[HttpSource] | type[RecordSource] | type[EventSource], ...] = (*HTTP, *RECORDS, *EVENTS)
"""From the special to the general: the first that matches answers. What AWS sends matches exactly one."""


def answer(
    event: Json,
    classifier: Classifier,
    settings: Settings,
    deadline: float = math.inf,
    observed: Observed | None = None,
) -> Answered:
    """The answer to `event`, in its source's form; texts not begun by `deadline` (time.monotonic()) are DeadlineErrors.

    `observed` is told what was done.

    Raises:
        InputError: no source knows the form, or the whole request is unusable. Bad items do not raise.
        ModelError: the engine failed.
        SettingsError: records came whose results have nowhere to go.

    What a carrier sends over HTTP is answered with a status instead.
    """
    observed = observed or Observed()
    invocation = Invocation(classifier, settings, deadline, observed)
    for http in HTTP:
        if isinstance(event, dict) and http.matches(event):
            observed.event_source = http.__name__
            return over_http(http, event, invocation)
    for records in RECORDS:
        if records.matches(event):
            observed.event_source = records.__name__
            return of_records(records, event, invocation)
    source = find(event, EVENTS)
    observed.event_source = source.__name__
    return respond(source, event, invocation)


def respond(source: type[EventSource], event: Json, invocation: Invocation) -> Mapping[str, object]:
    """The source's answer. Raises as `answer` does."""
    classifier, settings = invocation.classifier, invocation.settings
    request = source.parse(event, settings)
    found = answers(request, classifier, settings, invocation.deadline)
    invocation.observed.add(request.items, found)
    return source.respond(found, classifier, settings)


def of_records(source: type[RecordSource], event: Json, invocation: Invocation) -> Answered:
    """The source's answer, after every record that was answered has gone where it should."""
    settings, deadline = invocation.settings, invocation.deadline
    found = outcomes(source.read(event, settings), invocation.classifier, settings, computing_ends(deadline))
    for outcome in found:
        invocation.observed.add(outcome.items, outcome.answers)
    responded = source.respond(event, found, settings, deadline)
    if isinstance(responded, Mapping):
        invocation.observed.returned = len(responded["batchItemFailures"])
    return responded


def over_http(source: type[HttpSource], event: dict[str, Any], invocation: Invocation) -> Mapping[str, object]:
    """The source's answer: a status, headers and a body, small enough to be handed on."""
    from agnews.function.web.errors import error_reply
    from agnews.function.web.routes import (  # with gzip and email, which other sources do without
        Service,
        finished,
        reply,
    )

    def classify(body: Json) -> Mapping[str, object]:
        return respond(find(body, DIRECT), body, invocation)

    settings = invocation.settings
    request = source.read(event)
    replied = reply(request, Service(classify, invocation.classifier, settings))
    found = source.write(event, replied)
    most = min(source.max_bytes, settings.max_answer_bytes)
    if sent_bytes(found) > most:
        told = (
            f"the answer has more than {most:,} bytes; send fewer texts, lower top_k, leave out explain, or accept gzip"
        )
        replied = finished(error_reply(AnswerSizeError(told)), request, settings)
        found = source.write(event, replied)
    invocation.observed.status = replied.status
    return found


def find(event: Json, sources: Sequence[type[EventSource]]) -> type[EventSource]:
    """The event's source. Raises InputError, with the list of forms, where there is none."""
    for source in sources:
        if source.matches(event):
            return source
    forms = "; ".join(source.form for source in (ALL if sources is EVENTS else sources))
    raise InputError(f"an event must be one of: {forms}. Found {describe(event)}")
