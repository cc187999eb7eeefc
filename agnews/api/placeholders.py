"""What spreadsheets, databases and programs write where a value is missing."""

import re

from agnews.api.normalise import normalise
from agnews.api.values import Json

PLACEHOLDERS = frozenset(
    (
        *("null", "(null)", "<null>", "nil", "\\n", "none", "<none>", "undefined", "nan", "nat", "na", "<na>", "n/a"),
        *("true", "false"),
        *("#n/a", "#n/a n/a", "#na", "#null!", "#div/0!", "#value!", "#ref!", "#name?", "#num!", "#error!", "#calc!"),
        *("#spill!", "#field!", "#blocked!", "#unknown!", "#getting_data", "[object object]", "[object undefined]"),
        *("-", "--", "---", "–", "—", ".", "..", "...", "…", "?", "_"),
    )
)
"""In lower case. Numbers are placeholders, too."""
NUMBER = r"[+-]?([0-9][0-9_]*[.]?[0-9]*|[.][0-9]+)(e[+-]?[0-9]+)?%?"
"""A number without its blanks and commas, in any case: a pattern of Python and of the page's JavaScript."""
_NUMBER = re.compile(NUMBER, re.IGNORECASE)


def is_placeholder(text: str) -> bool:
    """Return whether `text` is one of PLACEHOLDERS, in any case, or a number; quotation marks do not count."""
    word = text.strip(' "').strip()
    if len(word) > 40:
        return False
    return word.lower() in PLACEHOLDERS or _NUMBER.fullmatch(word.replace(",", "").replace(" ", "")) is not None


def is_missing(value: Json) -> bool:
    """Return whether a value is missing: null, a number, or a string that is blank or a placeholder."""
    if isinstance(value, str):
        text = normalise(value)  # `<p>N/A</p>` is missing, too
        return is_blank(text) or is_placeholder(text)
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def is_blank(text: str) -> bool:
    """Return whether a text has no character that can be seen."""
    return not text[:1].isalnum() and not any(character.isprintable() and not character.isspace() for character in text)
