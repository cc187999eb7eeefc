"""What spreadsheets, databases and programs write where a value is missing."""

import re
import unicodedata

from agnews.api.normalise import normalise
from agnews.api.values import Json

PLACEHOLDERS = frozenset(
    (
        *("null", "nil", "\\n", "none", "nonetype", "undefined", "nan", "-nan", "nat", "na"),
        *("n/a", "n.a", "n/d", "pd.na"),
        *("true", "false", "inf", "-inf", "infinity", "-infinity", "tbd", "tba", "untitled"),
        *("no title", "no headline", "no text", "no description", "no data", "no value", "not available"),
        *("not applicable", "not set", "#na", "#n/a", "#n/d", "#nv", "#getting_data", "1.#ind", "1.#qnan"),
    )
)
"""In lower case. Around them, quotation marks, brackets, blanks and full stops do not count."""
BRACKETED = frozenset(("blank", "deleted", "empty", "missing", "removed", "unknown", "void"))
"""Words that are placeholders in brackets only: `[Removed]`."""
AROUND = " \"'`“”‘’«»()[]<>{}.,;"
"""What does not count around a placeholder."""
PATTERN = (
    r"[+-]?(?:[0-9][0-9_]*[.]?[0-9]*|[.][0-9]+)(?:e[+-]?[0-9]+)?%?|0x[0-9a-f]+|[0-9]{4}-[0-9]{2}-[0-9]{2}t[0-9:.z+-]+"
    r"|#[¡¿]?[^\s!?]{2,16}[!?]|#(?:null|ref|value|name|num|div/0)|object \w+"
)
"""Numbers, times, failed formulas in any language, and objects of JavaScript: a pattern in Python and JavaScript, for
text in lower case without blanks and commas within numbers."""
MAX_CHARS = 40
_PATTERN = re.compile(PATTERN)
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""Unicode categories. What this Python does not know yet, lone surrogates and private characters may show something."""
_BETWEEN = re.compile(r"[\s,;|]+")
_BEGINNINGS = frozenset(word[:2] for word in (*PLACEHOLDERS, "n ", "object"))
_WORDLESS = frozenset(("Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "Sc", "Sm", "Sk", "Zs"))
"""The categories of digits, punctuation, currencies, signs and blanks. Letters and emoji are text."""


def is_placeholder(text: str) -> bool:
    """Return whether `text` stands for a missing value, in any case: one or several PLACEHOLDERS, or no word at all."""
    text = text.strip()
    if len(text) > MAX_CHARS:
        return False
    word = text.strip(AROUND).lower()
    if word in PLACEHOLDERS or (word in BRACKETED and text[:1] in "([<{"):
        return True
    if word[:1].isalpha() and word[:2] not in _BEGINNINGS:
        return False  # most headlines
    if _PATTERN.fullmatch(word) or _PATTERN.fullmatch(word.replace(",", "").replace(" ", "")):
        return True
    parts = _BETWEEN.split(word)
    return all(part in PLACEHOLDERS for part in parts) or word.replace(" ", "") == "n/a" or _has_no_word(text)


def _has_no_word(text: str) -> bool:
    return not any(map(str.isalpha, text)) and all(unicodedata.category(char) in _WORDLESS for char in text)


def is_missing(value: Json) -> bool:
    """Return whether a value is missing: null, a number, or a string that is blank or a placeholder."""
    if isinstance(value, str):
        text = normalise(value)  # `<p>N/A</p>` is missing, too
        return is_blank(text) or is_placeholder(text)
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def is_blank(text: str) -> bool:
    """Return whether a text has only blanks, line ends, control characters and invisible ones such as U+200B."""
    return not text[:1].isalnum() and all(unicodedata.category(character) in _INVISIBLE for character in text)
