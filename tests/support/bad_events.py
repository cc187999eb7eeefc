"""Events and items that are refused, and with which error: for the handler in this process and in the real client."""

from agnews.api.request import Json
from tests.support.texts import GOAL, OIL

BAD_EVENTS: list[tuple[Json, str, str]] = [
    (None, "InputError", "an event must be one of"),
    (True, "InputError", "Found true"),
    (3, "InputError", "Found the number 3"),
    (1.5, "InputError", "Found the number 1.5"),
    ({}, "InputError", "an object with no keys"),
    ({"body": "{}"}, "InputError", "'body'"),
    ({"Records": []}, "InputError", "'Records'"),
    ({"txt": GOAL}, "InputError", "'txt'"),
    ("", "InputError", "the text is empty"),
    ({"text": " \n"}, "InputError", "the text is empty"),
    ({"text": 7}, "InputError", "a text must be a string, found the number 7"),
    ({"text": {"text": GOAL}}, "InputError", "a text must be a string, found an object"),
    ({"text": None}, "InputError", "no text: expected 'text' or 'headline' or 'title'; 'text' is null"),
    ({"text": GOAL, "description": []}, "InputError", "'description' must be a string"),
    ({"text": GOAL, "id": [1]}, "InputError", "'id' must be a string or a number"),
    ({"text": GOAL, "id": "x" * 257}, "LimitError", "'id' has 257 characters, at most 256"),
    ({"text": "broken \ud800"}, "InputError", "a lone surrogate at character 7"),
    ({"text": GOAL, "id": "\udfff"}, "InputError", "lone surrogate"),
    ({"text": "a" * 1024 * 1024}, "LimitError", "1,048,576 characters, at most 100,000 are allowed (AGNEWS_MAX_CHARS)"),
    ({"texts": GOAL}, "InputError", "'texts' must be a list; send a single text as 'text'"),
    ({"texts": {"a": 1}}, "InputError", "'texts' must be a list"),
    ({"texts": None}, "InputError", "expected one list of texts, found null"),
    ({"texts": [GOAL], "headlines": [OIL]}, "InputError", "found 'texts' and 'headlines'; send one"),
    ([OIL] * 10_001, "LimitError", "10,001 texts in one request, at most 10,000 are allowed (AGNEWS_MAX_TEXTS)"),
    ({"text": GOAL, "top_k": 0}, "InputError", "top_k must be a whole number from 1 to 4, found the number 0"),
    ({"text": GOAL, "top_k": 5}, "InputError", "top_k must be a whole number from 1 to 4, found the number 5"),
    ({"text": GOAL, "top_k": "2"}, "InputError", "top_k must be a whole number from 1 to 4, found the string '2'"),
    ({"text": GOAL, "top_k": True}, "InputError", "top_k must be a whole number from 1 to 4, found true"),
    ({"texts": [GOAL], "min_score": 1.01}, "InputError", "min_score must be a number from 0 to 1"),
    ({"texts": [GOAL], "min_score": -0.1}, "InputError", "min_score must be a number from 0 to 1"),
    ({"texts": [GOAL], "topK": 2}, "InputError", "no option 'topK'; write 'top_k'"),
    ({"text": GOAL, "min-score": 0.5}, "InputError", "no option 'min-score'; write 'min_score'"),
    ({"Items": [], "top_k": 2}, "InputError", "'top_k' is beside 'Items'; send it in 'BatchInput'"),
    ({"warmup": False}, "InputError", "a warm-up is exactly"),
    ({"warmup": True, "text": GOAL}, "InputError", "a warm-up is exactly"),
    ({"warmup": 1}, "InputError", "a warm-up is exactly"),
    ({"text": "\u200b\u0001"}, "InputError", "the text is empty"),
    ({"text": GOAL, "id": 10**256}, "LimitError", "'id' has more than 256 digits"),
    ({"Items": GOAL}, "InputError", "'Items' must be a list of rows, found a string of 55 characters"),
    ({"Items": [], "BatchInput": []}, "InputError", "'BatchInput' must be an object"),
    ({"Items": [], "BatchInput": {"text_column": 1}}, "InputError", "'text_column' must be a column name"),
    ({"Items": [], "BatchInput": {"top_k": 9}}, "InputError", "top_k must be a whole number from 1 to 4"),
    (
        {"Items": [{"id": "x" * 250, "text": GOAL}] * 2000},
        "AnswerSizeError",
        "send fewer texts, lower top_k or leave out explain",
    ),
]
"""Events that are refused as a whole with the default settings: event, error class and part of the message."""

BAD_ITEMS: list[tuple[Json, str]] = [
    ("", "InputError"),
    (None, "InputError"),
    (6.5, "InputError"),
    ([GOAL, OIL], "InputError"),
    ({}, "InputError"),
    ({"body": GOAL}, "InputError"),
    ({"id": {}, "text": GOAL}, "InputError"),
    ({"id": "\ud800", "text": GOAL}, "InputError"),
    ("\ud800", "InputError"),
    ("a" * 100_001, "LimitError"),
]
"""Items that become an error in their place in a list: item and error class. None has a usable id."""
