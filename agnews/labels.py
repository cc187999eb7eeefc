"""The labels of AG News, the default, and what the labels of any checkpoint must be."""

import unicodedata
from collections.abc import Sequence

LABELS: tuple[str, ...] = ("World", "Sports", "Business", "Sci/Tech")
"""Index i is class i + 1 in AG News' CSV files. The labels of answers are those of the checkpoint."""
MIN_LABELS = 2
MAX_LABELS = 100
MAX_LABEL_CHARS = 64
LABELS_SHOWN = 10
"""How many labels a message or a report names."""
_LINE_BREAKS_AND_CONTROLS = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode categories of what would break a line, and of lone surrogates, which have no UTF-8."""


def label_problem(labels: Sequence[object]) -> str | None:
    """Return what is wrong with a checkpoint's labels, or None. Case and outer blanks do not make labels differ.

    >>> label_problem(["Politics", "politics "])
    "the label 'politics ' appears twice"
    """
    if not MIN_LABELS <= len(labels) <= MAX_LABELS:
        noun = "label" if len(labels) == 1 else "labels"
        return f"found {len(labels):,} {noun}, expected {MIN_LABELS} to {MAX_LABELS}"
    seen: set[str] = set()
    for label in labels:
        if not isinstance(label, str):
            return f"the label {str(label)[:MAX_LABEL_CHARS]} is not a string"
        problem = _name_problem(label)
        if problem is not None:
            return problem
        plain = label.strip().casefold()
        if plain in seen:
            return f"the label {label!r} appears twice"
        seen.add(plain)
    return None


def listed(labels: Sequence[str]) -> str:
    """Return the labels with commas between them; of many, only the first, and how many there are."""
    more = f", … ({len(labels)} in all)" if len(labels) > LABELS_SHOWN else ""
    return ", ".join(labels[:LABELS_SHOWN]) + more


def _name_problem(label: str) -> str | None:
    if not label.strip():
        return "a label is empty"
    if len(label) > MAX_LABEL_CHARS:
        start = label[:MAX_LABEL_CHARS]
        return f"the label {start!r}… has {len(label):,} characters; at most {MAX_LABEL_CHARS} are allowed"
    if any(unicodedata.category(character) in _LINE_BREAKS_AND_CONTROLS for character in label):
        return f"the label {label!r} has a line break or a control character"
    return None
