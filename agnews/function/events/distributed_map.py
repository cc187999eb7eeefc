"""Step Functions' Distributed Map with an ItemBatcher: `{"BatchInput": {...}, "Items": [{row}, ...]}`."""

from collections.abc import Mapping, Sequence

from agnews.api.answer import Answer, ListAnswer, list_answer
from agnews.api.request import OPTION_KEYS, Columns, Json, Request, describe, read_items, read_options
from agnews.errors import InputError
from agnews.model.classifier import Classifier
from agnews.settings import Settings

COLUMN_KEYS = ("text_column", "description_column", "id_column")


class DistributedMap:
    """A batch of rows; BatchInput carries the options and which columns hold text, description and id."""

    form = '{"Items": [...], "BatchInput": {...}} (Step Functions\' Distributed Map)'

    @staticmethod
    def matches(event: Json) -> bool:
        return isinstance(event, dict) and "Items" in event

    @staticmethod
    def parse(event: Json, settings: Settings) -> Request:
        assert isinstance(event, dict)
        rows, shared = event["Items"], event.get("BatchInput")
        shared = {} if shared is None else shared
        if not isinstance(rows, list):
            raise InputError(f"'Items' must be a list of rows, found {describe(rows)}")
        if not isinstance(shared, dict):
            raise InputError(f"'BatchInput' must be an object, found {describe(shared)}")
        stray = [key for key in OPTION_KEYS if key in event]
        if stray:
            raise InputError(f"{stray[0]!r} stands beside 'Items'; send it in 'BatchInput'")
        return Request(read_items(rows, settings, _columns(shared)), read_options(shared))

    @staticmethod
    def respond(found: Sequence[Answer], classifier: Classifier, settings: Settings) -> ListAnswer:
        return list_answer(found, classifier, settings.max_items_answer_bytes, "AGNEWS_MAX_ITEMS_ANSWER_BYTES")


def _columns(shared: Mapping[str, Json]) -> Columns:
    names: dict[str, str] = {}
    for key in COLUMN_KEYS:
        value = shared.get(key)
        if value is None:
            continue
        if not isinstance(value, str) or not value:
            raise InputError(f"{key!r} must be a column's name, found {describe(value)}")
        names[key.removesuffix("_column")] = value
    return Columns(**names)
