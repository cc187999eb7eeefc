"""What spreadsheets, databases and programs write where a value is missing."""

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


def is_placeholder(text: str) -> bool:
    """Return whether `text` is one of PLACEHOLDERS, in any case, or nothing but a number."""
    word = text.strip()
    if len(word) > 40:
        return False
    if word.lower() in PLACEHOLDERS:
        return True
    if not word[-1:].isdigit() and not word.endswith("%"):
        return False
    try:
        float(word.replace(",", "").replace(" ", "").removesuffix("%"))
    except ValueError:
        return False
    return True


def is_missing(value: Json) -> bool:
    """Return whether a value stands for none: null, a number, or a string that is blank or a placeholder."""
    if isinstance(value, str):
        return is_blank(value) or is_placeholder(value)
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def is_blank(text: str) -> bool:
    """Return whether a text has no character that can be seen."""
    return not text[:1].isalnum() and not any(character.isprintable() and not character.isspace() for character in text)
