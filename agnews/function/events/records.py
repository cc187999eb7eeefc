"""Records of queues, topics and streams: each carries a direct request in its body, and all are computed together."""

import base64
import json
import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agnews.api.answer import Answer, answers, batch_answers, error_answer
from agnews.api.request import Item, Json, Request, describe
from agnews.errors import AgNewsError, DeadlineError, InputError, ModelError
from agnews.function.events.direct import Fields, OneText, TextList, has
from agnews.model.classifier import Classifier
from agnews.settings import Settings

FORMS = (OneText, TextList)
SENDING_S = 2.0
SENDING_SHARE = 0.2
"""Time kept back for sending: seconds, but never more than this share of what is left."""


class Record(NamedTuple):
    """One record of an event: AWS's id for it, what it carries, and whom it must not overtake."""

    id: str
    body: str
    """As it came."""
    encoded: bool = False
    """Whether the body is base64."""
    group: str = ""
    """Records of one group keep their order; empty where there is none to keep."""


class Outcome(NamedTuple):
    """What became of a record."""

    record: Record
    answer: Mapping[str, object]
    """What a direct invocation would answer, or `{"error": …}`."""
    items: tuple[Item, ...] = ()
    answers: tuple[Answer, ...] = ()
    """One for each of its items."""
    error: AgNewsError | None = None
    """Why it was not answered. DeadlineError: it should come back. Any other: it never can be answered."""

    @property
    def late(self) -> bool:
        return isinstance(self.error, DeadlineError)


def computing_ends(deadline: float) -> float:
    """When computing has to end, so that there is time to send before `deadline`. Both on time.monotonic()'s clock."""
    return deadline - min(SENDING_S, SENDING_SHARE * max(0.0, deadline - time.monotonic()))


def outcomes(records: Sequence[Record], classifier: Classifier, settings: Settings, deadline: float) -> list[Outcome]:
    """One per record, in order. A bad record spoils no other; a failing engine raises ModelError for all."""
    read = [_read(record, settings) for record in records]
    plain = [found for _, found in read if isinstance(found, Request) and not found.options.explain]
    computed = iter(batch_answers(plain, classifier, deadline))
    found = []
    for record, (form, request) in zip(records, read, strict=True):
        try:
            if isinstance(request, InputError):
                raise request
            explained = request.options.explain
            of_texts = answers(request, classifier, settings, deadline) if explained else next(computed)
            _all_reached(of_texts)
            found.append(Outcome(record, form.respond(of_texts, classifier, settings), request.items, tuple(of_texts)))
        except ModelError:
            raise
        except AgNewsError as error:
            failure = Item(None, error)
            found.append(Outcome(record, error_answer(failure), (failure,), (error_answer(failure),), error))
    return found


def _read(record: Record, settings: Settings) -> tuple[type[OneText] | type[TextList], Request | InputError]:
    try:
        event = event_of(text_of(record))
        form = next((form for form in FORMS if form.matches(event)), None)
        if form is None:
            told = "; ".join(form.form for form in FORMS)
            raise InputError(f"a record's body must be plain text or one of: {told}. Found {describe(event)}")
        return form, form.parse(event, settings)
    except InputError as error:
        return OneText, error


def all_from(event: Json, source_key: str, source: str, fields: Fields) -> bool:
    """True for an event of one record or more that all name this source and have these fields."""
    records = event.get("Records") if isinstance(event, dict) else None
    if not isinstance(records, list) or not records:
        return False
    return all(isinstance(item, dict) and item.get(source_key) == source and has(item, fields) for item in records)


def text_of(record: Record) -> str:
    """A record's body as text. Raises InputError for what is not base64, or not UTF-8 in it."""
    if not record.encoded:
        return record.body
    try:
        return base64.b64decode(record.body, validate=True).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"the record's data is not UTF-8: byte {error.start} cannot be read; send UTF-8") from error
    except ValueError as error:
        raise InputError(f"the record's data is not base64: {error}") from error


def event_of(text: str) -> Json:
    """The direct request in a record's text: JSON's object, list or string, or else one headline as it stands.

    What SNS wraps for a queue (`Type`, `Message`) is unwrapped.

    Raises:
        InputError: it begins as an object does, and is not JSON.
    """
    start = text.lstrip()[:1]
    if start not in {"{", "[", '"'}:
        return text
    try:
        found: Json = json.loads(text)
    except (ValueError, RecursionError) as error:
        if start == "{":
            raise InputError(f"the record's body begins with {{ and is not JSON: {error}"[:300]) from error
        return text  # "[Update] Oil prices climb" is a headline
    if isinstance(found, dict) and found.get("Type") == "Notification" and isinstance(found.get("Message"), str):
        return event_of(str(found["Message"]))
    return found


def _all_reached(of_texts: Sequence[Answer]) -> None:
    for answer in of_texts:
        if answer.get("error", {}).get("type") == DeadlineError.__name__:
            raise DeadlineError(answer["error"]["message"])


def listed(found: Sequence[Outcome]) -> list[Mapping[str, object]]:
    """The answers in their records' order, with their ids. Raises DeadlineError if one was not reached."""
    for outcome in found:
        if outcome.late and outcome.error is not None:
            raise outcome.error
    return [{"record_id": outcome.record.id, **outcome.answer} for outcome in found]
