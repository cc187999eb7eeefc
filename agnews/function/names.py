"""Names of letters and digits for labels, which may be any text, for metrics and generated code."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import count

MAX_NAME_CHARS = 64


def names_of(labels: Sequence[str], taken: Iterable[str] = ()) -> tuple[str, ...]:
    """Return a name for each label, of ASCII letters and digits. It begins with a capital letter.

    They are unique and none of those `taken`, also if case is ignored: "local news" is LocalNews, "Local-News"
    LocalNews2, "2030" Label2030, and the fourth label, without ASCII letters and digits, Label4.
    """
    lowered = {name.lower() for name in taken}
    names = []
    for position, label in enumerate(labels, start=1):
        name = _letters(label) or str(position)
        name = name if name[0].isalpha() else f"Label{name}"
        numbered = (f"{name}{number}" for number in count(2))
        names.append(name if name.lower() not in lowered else next(n for n in numbered if n.lower() not in lowered))
        lowered.add(names[-1].lower())
    return tuple(names)


def _letters(label: str) -> str:
    """Return the ASCII letters and digits of a label, each word with a capital letter."""
    text = unicodedata.normalize("NFKD", label).encode("ascii", errors="ignore").decode()
    return "".join(word[0].upper() + word[1:] for word in re.findall("[A-Za-z0-9]+", text))[:MAX_NAME_CHARS]
