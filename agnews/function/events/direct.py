"""Direct invocations: `aws lambda invoke`, console test events, Step Functions tasks."""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agnews.api.answer import Answer, ListAnswer, list_answer
from agnews.api.columns import TEXT_KEYS, plain_name
from agnews.api.options import read_columns, read_options
from agnews.api.request import Request, read_item, read_items, read_row
from agnews.api.values import Json
from agnews.errors import DeadlineError, InputError
from agnews.model.classifier import Classifier
from agnews.settings import Settings

LIST_KEYS = ("texts", "headlines", "inputs")
COLUMN_KEYS = ("description", "descriptions", "id", "ids")
"""What would be lost if it was a list beside the list of texts."""
READING_SHARE = 0.5
"""The largest share of the remaining time in which a request is read. The rest is for its texts' inferences."""


class Reading(NamedTuple):
    """What it takes to read a request."""

    settings: Settings
    label_count: int
    """How many labels the model has, and so the largest `top_k`."""
    deadline: float
    """When the reading of a list ends, on time.monotonic()'s clock. Later texts get a DeadlineError."""

    @classmethod
    def until(cls, deadline: float, settings: Settings, label_count: int) -> "Reading":
        """Return a Reading that ends in time for the work that must end by `deadline`."""
        now = time.monotonic()
        return cls(settings, label_count, now + READING_SHARE * (deadline - now))


class OneText:
    """One text: a bare string, or an object with `text`, `headline` or `title` (and `description`)."""

    form = '{"text": "one headline"} or a string'

    @staticmethod
    def matches(event: Json) -> bool:
        if isinstance(event, str):
            return True
        return isinstance(event, dict) and _has_any(event, TEXT_KEYS) and not _is_list(event)

    @staticmethod
    def parse(event: Json, reading: Reading) -> Request:
        if isinstance(event, dict):
            options = read_options(event, reading.label_count)
            request = Request((read_row(event, reading.settings, read_columns(event)),), options)
        else:
            request = Request((read_item(event, reading.settings),))
        error = request.items[0].error
        if error is not None:
            raise error
        return request

    @staticmethod
    def respond(predictions: Sequence[Answer], classifier: Classifier, settings: Settings) -> Answer:
        error = predictions[0].get("error")
        if error is not None:  # only a DeadlineError: parse has raised all others
            raise DeadlineError(error["message"])
        return predictions[0]


class TextList:
    """A list: a bare one, or under `texts`, `headlines`, `inputs`, `text`, `headline` or `title` of an object."""

    form = '{"texts": [...]} or a list'

    @staticmethod
    def matches(event: Json) -> bool:
        if isinstance(event, list):
            return not any(isinstance(item, dict) and "eventSource" in item for item in event)
        if not isinstance(event, dict):
            return False
        return _is_list(event) or (_has_any(event, LIST_KEYS) and not _has_any(event, TEXT_KEYS))

    @staticmethod
    def parse(event: Json, reading: Reading) -> Request:
        if isinstance(event, list):
            return Request(read_items(event, reading.settings, deadline=reading.deadline))
        assert isinstance(event, dict)
        keys = [key for key in _keys(event, LIST_KEYS + TEXT_KEYS) if event[key] is not None]
        if len(keys) != 1:
            raise InputError(f"expected one list of texts, found {' and '.join(map(repr, keys)) or 'null'}; send one")
        for key in _keys(event, COLUMN_KEYS):
            if isinstance(event[key], list):
                raise InputError(f"{key!r} is a list of its own; send one object for each text")
        values = event[keys[0]]
        if isinstance(values, str | dict) and plain_name(keys[0]) == "inputs":
            values = [values]
        if not isinstance(values, list):
            raise InputError(f"{keys[0]!r} must be a list; send a single text as 'text'")
        options = read_options(event, reading.label_count)
        return Request(read_items(values, reading.settings, read_columns(event), reading.deadline), options)

    @staticmethod
    def respond(predictions: Sequence[Answer], classifier: Classifier, settings: Settings) -> ListAnswer:
        return list_answer(predictions, classifier, settings.max_answer_bytes, "AGNEWS_MAX_ANSWER_BYTES")


def _has_any(event: Mapping[str, Json], keys: Sequence[str]) -> bool:
    return bool(_keys(event, keys))


def _keys(event: Mapping[str, Json], names: Sequence[str]) -> list[str]:
    """Return the event's keys that are one of these names, whatever their case."""
    return [key for key in event if plain_name(key) in names]


def holds_text(event: Mapping[str, Json]) -> bool:
    """Return whether one of the keys is one that a request has its texts under."""
    return _has_any(event, TEXT_KEYS + LIST_KEYS)


def _is_list(event: Mapping[str, Json]) -> bool:
    """Return whether a list key has a value other than null, or a text key has a list."""
    has_list_key = any(event[key] is not None for key in _keys(event, LIST_KEYS))
    return has_list_key or any(isinstance(event[key], list) for key in _keys(event, TEXT_KEYS))
