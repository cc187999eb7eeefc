"""Answer any event: the first source that matches reads the request and answers in its own form."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from agnews.api.answer import Answer, answers, sent_bytes
from agnews.api.request import Request
from agnews.api.values import Json, decoded
from agnews.errors import AnswerSizeError
from agnews.function.events.direct import OneText, Reading, TextList
from agnews.function.events.distributed_map import DistributedMap
from agnews.function.events.eventbridge import EventBridge
from agnews.function.events.http import Alb, ApiGatewayV1, ApiGatewayV2, FunctionUrl
from agnews.function.events.records import Record, RecordResult, classify_records, computing_deadline
from agnews.function.events.refusals import refusal
from agnews.function.events.sns_pipes import Pipe, Sns
from agnews.function.events.sqs_kinesis import Kinesis, Sqs
from agnews.function.events.warmups import ScheduledEvent, Warmup, WarmupPlugin
from agnews.function.metrics import Observation
from agnews.function.web.message import HttpReply, HttpRequest
from agnews.model.classifier import Classifier
from agnews.settings import Settings

EventAnswer = Mapping[str, object] | Sequence[Mapping[str, object]]
RecordsAnswer = Mapping[str, list[dict[str, str]]] | Sequence[Mapping[str, object]]
"""A partial batch response, or one answer per record."""


class Context(Protocol):
    """The part of Lambda's context object that is used."""

    @property
    def function_name(self) -> str: ...

    def get_remaining_time_in_millis(self) -> int: ...


class Invocation(NamedTuple):
    """What it takes to answer an event."""

    classifier: Classifier
    settings: Settings
    deadline: float
    """On time.monotonic()'s clock."""
    observation: Observation


class DirectSource(Protocol):
    """A form of direct invocation. Stateless."""

    form: str
    """The event, or the service that sends it, for error messages."""

    @staticmethod
    def matches(event: Json) -> bool: ...

    @staticmethod
    def parse(event: Json, reading: Reading) -> Request: ...

    @staticmethod
    def respond(predictions: Sequence[Answer], classifier: Classifier, settings: Settings) -> Mapping[str, object]: ...


class HttpSource(Protocol):
    """A form of event with an HTTP request. Stateless."""

    form: str
    max_bytes: int
    """The largest answer that the service passes on."""

    @staticmethod
    def matches(event: Json) -> bool: ...

    @staticmethod
    def read(event: dict[str, Any]) -> HttpRequest: ...

    @staticmethod
    def write(event: dict[str, Any], reply: HttpReply) -> dict[str, object]: ...


class RecordSource(Protocol):
    """A form of event with records of queues, topics or streams. Stateless."""

    form: str

    @staticmethod
    def matches(event: Json) -> bool: ...

    @staticmethod
    def read(event: Any, settings: Settings) -> list[Record]: ...

    @staticmethod
    def respond(event: Any, results: Sequence[RecordResult], settings: Settings, deadline: float) -> RecordsAnswer: ...


HTTP_SOURCES: tuple[type[HttpSource], ...] = (FunctionUrl, ApiGatewayV2, ApiGatewayV1, Alb)
RECORD_SOURCES: tuple[type[RecordSource], ...] = (Sqs, Kinesis, Sns, Pipe)
WARMUP_SOURCES: tuple[type[DirectSource], ...] = (ScheduledEvent, WarmupPlugin)
BODY_SOURCES: tuple[type[DirectSource], ...] = (Warmup, OneText, TextList)
"""What an HTTP request's body may hold."""
DIRECT_SOURCES: tuple[type[DirectSource], ...] = (*WARMUP_SOURCES, DistributedMap, *BODY_SOURCES)
Source = type[HttpSource] | type[RecordSource] | type[DirectSource] | type[EventBridge]
SERVICES: tuple[Source, ...] = (*HTTP_SOURCES, *RECORD_SOURCES, EventBridge, *WARMUP_SOURCES)
SOURCES: tuple[Source, ...] = (*HTTP_SOURCES, *RECORD_SOURCES, EventBridge, *DIRECT_SOURCES)
"""From specific to general: the first that matches answers. AWS's own events match exactly one."""


def answer(
    event: Json,
    classifier: Classifier,
    settings: Settings,
    deadline: float = math.inf,
    observation: Observation | None = None,
) -> EventAnswer:
    """Return the answer to `event` in the form of its source, and note in `observation` what was done.

    Texts not started by `deadline` (time.monotonic()) get a DeadlineError. Over HTTP, an error becomes a status.

    Raises:
        InputError: the event has no known form, or cannot be used as a whole. Bad items of a list do not raise.
        ModelError: the engine failed.
        SettingsError: records came and there is no queue for their results.
    """
    event = decoded(event) if isinstance(event, str) else event
    return _answer(event, Invocation(classifier, settings, deadline, observation or Observation()))


def _answer(event: Json, invocation: Invocation) -> EventAnswer:
    observation = invocation.observation
    for http_source in HTTP_SOURCES:
        if isinstance(event, dict) and http_source.matches(event):
            observation.event_source = http_source.__name__
            return answer_http(http_source, event, invocation)
    for record_source in RECORD_SOURCES:
        if record_source.matches(event):
            observation.event_source = record_source.__name__
            return answer_records(record_source, event, invocation)
    if EventBridge.matches(event):
        observation.event_source = EventBridge.__name__
        request = EventBridge.read(event)
        return answer_direct(find_source(request, BODY_SOURCES), request, invocation)
    direct_source = find_source(event, DIRECT_SOURCES)
    observation.event_source = direct_source.__name__
    return answer_direct(direct_source, event, invocation)


def answer_direct(source: type[DirectSource], event: Json, invocation: Invocation) -> Mapping[str, object]:
    """Return the answer to a direct invocation. Raises as `answer` does."""
    classifier, settings = invocation.classifier, invocation.settings
    request = source.parse(event, Reading.until(invocation.deadline, settings, len(classifier.labels)))
    predictions = answers(request, classifier, settings, invocation.deadline)
    invocation.observation.add(request.items, predictions)
    return source.respond(predictions, classifier, settings)


def answer_records(source: type[RecordSource], event: Json, invocation: Invocation) -> EventAnswer:
    """Classify records, send the results if the source needs a queue for them, and return the source's answer."""
    settings, deadline = invocation.settings, invocation.deadline
    records = source.read(event, settings)
    results = classify_records(records, invocation.classifier, settings, computing_deadline(deadline))
    for result in results:
        invocation.observation.add(result.items, result.answers)
    response = source.respond(event, results, settings, deadline)
    if isinstance(response, Mapping):
        invocation.observation.returned = len(response["batchItemFailures"])
    return response


def answer_http(source: type[HttpSource], event: dict[str, Any], invocation: Invocation) -> Mapping[str, object]:
    """Return status, headers and body in the source's form, within its size limit; errors become a status."""
    from agnews.function.web.errors import error_reply
    from agnews.function.web.routes import Service, finish, reply_to  # need gzip, which only HTTP uses

    def classify(body: Json) -> Mapping[str, object]:
        return answer_direct(find_source(body, BODY_SOURCES), body, invocation)

    settings = invocation.settings
    request = source.read(event)
    reply = reply_to(request, Service(classify, invocation.classifier, settings))
    response = source.write(event, reply)
    max_bytes = min(source.max_bytes, settings.max_answer_bytes)
    if sent_bytes(response) > max_bytes:
        remedy = "send fewer texts, lower top_k, leave out explain, or accept gzip"
        error = AnswerSizeError(f"the answer has more than {max_bytes:,} bytes; {remedy}")
        reply = finish(error_reply(error), request, settings)
        response = source.write(event, reply)
    invocation.observation.status = reply.status
    return response


def find_source(event: Json, sources: Sequence[type[DirectSource]]) -> type[DirectSource]:
    """Return the event's source. Raises InputError, which says what the event is, if there is none."""
    for source in sources:
        if source.matches(event):
            return source
    expected = ", ".join(source.form for source in BODY_SOURCES)
    if sources is DIRECT_SOURCES:
        services = ", ".join(dict.fromkeys(service.form for service in SERVICES))
        expected += f", {DistributedMap.form}, or an event of {services}"
    raise refusal(event, expected)
