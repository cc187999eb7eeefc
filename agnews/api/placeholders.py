"""What spreadsheets, databases and programs write where a value is missing."""

PLACEHOLDERS = frozenset(
    (
        *("null", "(null)", "<null>", "nil", "\\n", "none", "<none>", "undefined", "nan", "nat", "na", "<na>", "n/a"),
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
