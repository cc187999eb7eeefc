"""Options: which of a request's keys are options, and their values."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agnews.api.columns import ColumnNames, plain_name
from agnews.api.values import Json, decoded, describe_value
from agnews.errors import InputError

OPTION_KEYS = ("top_k", "min_score", "explain")
COLUMN_KEYS = ("text_column", "description_column", "id_column")
NESTING_KEYS = ("options", "parameters")
"""Objects that may hold the options instead."""
HUGGING_FACE_OPTIONS: Mapping[str, tuple[Json, ...]] = {
    "function_to_apply": ("softmax",),
    "truncation": (True,),
    "use_cache": (True, False),
    "wait_for_model": (True, False),
}
"""Options of Hugging Face's clients, with the values that change no answer. They are accepted and ignored."""


MAX_TYPO_CHARS = 20
TYPO_SIMILARITY = 0.88
"""Of `text_colum` to `text_column` it is 0.95, of `column` to `id_column` 0.86."""


class Options(NamedTuple):
    """Options of an answer."""

    top_k: int = 1
    """1 to the number of labels; above 1, predictions list that many labels with their scores."""
    min_score: float = 0.0
    """0 to 1; a prediction with a lower score has no label and `abstained` is true."""
    explain: bool = False
    """Whether predictions say what each word contributed to the score."""


DEFAULT_OPTIONS = Options()


def option_spelling(key: str) -> str:
    """Return what all spellings of an option have in common: `topk` for `topK`, `top-k`, `top k` and `top_k`."""
    return plain_name(key).replace("_", "").replace("-", "")


_OPTIONS = {option_spelling(name): name for name in (*OPTION_KEYS, *COLUMN_KEYS)}


def option_name(key: str) -> str | None:
    """Return the option that a key names, however it is spelt; None if it names none."""
    return _OPTIONS.get(option_spelling(key))


def option_values(source: Mapping[str, Json]) -> dict[str, Json]:
    """Return the options among the keys of a request, and of the objects under its NESTING_KEYS; without null.

    Raises:
        InputError: an option is misspelt or given twice, or a nested object has a key that is no option.
    """
    values = _own_options(source)
    for place in filter(_may_nest, source):
        nested = _nested(source[place])
        if nested is None:
            continue
        if not isinstance(nested, dict):
            raise InputError(f"{place!r} must be an object with options, found {describe_value(nested)}")
        inner = _own_options(nested)
        _refuse_unknown(place, nested)
        twice = next((name for name in inner if name in values), None)
        if twice is not None:
            raise InputError(f"{twice!r} is in {place!r} and elsewhere in the request; send it once")
        values |= inner
    return values


def _may_nest(key: str) -> bool:
    return plain_name(key) in NESTING_KEYS


def _nested(value: Json) -> Json:
    """Return the object or list that a value is or holds as JSON; None for other values, which files may have there."""
    held = decoded(value) if isinstance(value, str) else value
    return held if isinstance(held, dict | list) else None


def _own_options(source: Mapping[str, Json]) -> dict[str, Json]:
    values: dict[str, Json] = {}
    for key, value in source.items():
        name = option_name(key)
        if name not in (None, plain_name(key)):
            raise InputError(f"there is no option {key!r}; write {name!r}")
        if name in values:
            raise InputError(f"{name!r} is in the request twice; send it once")
        if name is not None and value is not None:
            values[name] = value
    return values


def _refuse_unknown(place: str, options: Mapping[str, Json]) -> None:
    for key, value in options.items():
        if option_name(key) is not None:
            continue
        name = plain_name(key)
        if name not in HUGGING_FACE_OPTIONS:
            names = ", ".join((*OPTION_KEYS, *COLUMN_KEYS))
            raise InputError(f"there is no option {key!r} ({place!r} has it); the options are {names}")
        accepted = HUGGING_FACE_OPTIONS[name]
        if value is not None and value not in accepted:
            choices = " or ".join(map(json.dumps, accepted))
            raise InputError(f"{key!r} in {place!r} can only be {choices}, found {describe_value(value)}")


def is_option_key(key: str) -> bool:
    """Return whether a key is an option, however it is spelt, or may hold options."""
    return option_name(key) is not None or _may_nest(key)


def refuse_typos(batch_input: Mapping[str, Json]) -> None:
    """Raise InputError if a key is almost the name of an option; other keys are the caller's own."""
    for key in batch_input:
        if is_option_key(key) or len(key) > MAX_TYPO_CHARS:
            continue
        from difflib import get_close_matches  # only for keys that are no options

        for similar in get_close_matches(option_spelling(key), _OPTIONS, 1, TYPO_SIMILARITY):
            raise InputError(f"there is no option {key!r}; write {_OPTIONS[similar]!r}")


def refuse_options(item: Mapping[str, Json], keys: Sequence[str]) -> None:
    """Raise InputError if one of these keys of an object in a list has an option: they apply to the list.

    Under `options` or `parameters`, only an object or a list is one; files have text there.
    """
    for key in keys:
        if item[key] is not None and not (_may_nest(key) and _nested(item[key]) is None):
            raise InputError(f"{key!r} is an option; give it beside the texts, once for all of them")


def read_options(source: Mapping[str, Json], label_count: int) -> Options:
    """Return the options of a request to a model with so many labels.

    Raises:
        InputError: a value is invalid, or a name is no option's.
    """
    values = option_values(source)
    top_k = _top_k(values.get("top_k"), label_count)
    return Options(top_k, _min_score(values.get("min_score")), _explain(values.get("explain")))


def read_columns(source: Mapping[str, Json]) -> ColumnNames:
    """Return the columns that a request's options name. Raises InputError as `read_options` does."""
    values = option_values(source)
    names: dict[str, str] = {}
    for key in COLUMN_KEYS:
        value = values.get(key)
        if value is None:
            continue
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"{key!r} must be a column name, found {describe_value(value)}")
        names[key.removesuffix("_column")] = value
    return ColumnNames(**names)


def _top_k(value: Json, label_count: int) -> int:
    match value:
        case None:
            return DEFAULT_OPTIONS.top_k
        case int() if not isinstance(value, bool) and 1 <= value <= label_count:
            return value
        case float() if value.is_integer() and 1 <= value <= label_count:  # JSON does not distinguish 2 from 2.0
            return int(value)
    raise InputError(f"top_k must be a whole number from 1 to {label_count}, found {describe_value(value)}")


def _min_score(value: Json) -> float:
    match value:
        case None:
            return DEFAULT_OPTIONS.min_score
        case int() | float() if not isinstance(value, bool) and 0 <= value <= 1:
            return float(value)
    raise InputError(f"min_score must be a number from 0 to 1, found {describe_value(value)}")


def _explain(value: Json) -> bool:
    if value is None or isinstance(value, bool):
        return bool(value)
    raise InputError(f"explain must be true or false, found {describe_value(value)}")
