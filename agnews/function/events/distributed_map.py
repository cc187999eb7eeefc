"""Step Functions' Distributed Map with an ItemBatcher: `{"BatchInput": {...}, "Items": [{row}, ...]}`."""

from collections.abc import Sequence

from agnews.api.answer import Answer, ListAnswer, list_answer
from agnews.api.columns import key_of, plain_name
from agnews.api.options import option_values, read_columns, read_options, refuse_typos
from agnews.api.request import Request, read_items
from agnews.api.values import Json, describe_value
from agnews.errors import InputError
from agnews.function.events.direct import Reading, holds_text
from agnews.model.classifier import Classifier
from agnews.settings import Settings


class DistributedMap:
    """A batch of rows. BatchInput has the options and the names of the columns for text, description and id."""

    form = '{"Items": [...]}'

    @staticmethod
    def matches(event: Json) -> bool:
        if not isinstance(event, dict):
            return False
        return "Items" in event or ("items" in map(plain_name, event) and not holds_text(event))

    @staticmethod
    def parse(event: Json, reading: Reading) -> Request:
        assert isinstance(event, dict)
        rows, batch_input = (
            event[key] if key else None for key in (key_of(event, "items"), key_of(event, "batchinput"))
        )
        batch_input = {} if batch_input is None else batch_input
        if not isinstance(rows, list):
            raise InputError(f"'Items' must be a list of rows, found {describe_value(rows)}")
        if not isinstance(batch_input, dict):
            raise InputError(f"'BatchInput' must be an object, found {describe_value(batch_input)}")
        for misplaced in option_values(event):
            raise InputError(f"{misplaced!r} is beside 'Items'; send it in 'BatchInput'")
        refuse_typos(batch_input)
        options = read_options(batch_input, reading.label_count)
        return Request(read_items(rows, reading.settings, read_columns(batch_input), reading.deadline), options)

    @staticmethod
    def respond(predictions: Sequence[Answer], classifier: Classifier, settings: Settings) -> ListAnswer:
        return list_answer(predictions, classifier, settings.max_items_answer_bytes, "AGNEWS_MAX_ITEMS_ANSWER_BYTES")
