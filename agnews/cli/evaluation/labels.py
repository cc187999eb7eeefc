"""What the labels of a file mean: a topic by name or number, or out of scope."""

import csv
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from agnews.errors import InputError
from agnews.labels import LABELS

OUT_PREFIX = "out:"
"""Labels that begin like this are out of scope: texts about none of the topics."""
LabelNumbers = Literal["0-3", "1-4"]
"""The topics' numbers on the Hugging Face Hub, and in AG News' own files."""
INTEGER = re.compile(r"([0-9]{1,9})(\.0*)?")
"""Also `1.0`, as pandas writes integers in a column with gaps."""


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


TOPICS = {_letters(label): index for index, label in enumerate(LABELS)}
"""0 to 3 by the topic's letters in lower case."""


def label_key(label: str) -> str:
    """Return what all spellings of a label have in common: no case, no outer blanks, integers without a point."""
    folded = label.strip().casefold()
    integer = INTEGER.fullmatch(folded)
    return str(int(integer[1])) if integer else folded


def numeric_labels(labels: Iterable[str], named: Mapping[str, int | None]) -> set[str]:
    """Return the keys of the labels that are numbers, without the `named` ones."""
    return {key for key in map(label_key, labels) if key not in named and key.isdigit()}


def label_numbers(numbers: set[str]) -> LabelNumbers:
    """Return how files with these numbers as labels number the topics.

    Those with a 0 and no 4 count from 0, those with a 4 from 1, as AG News does.

    Raises:
        InputError: there is neither a 0 nor a 4.
    """
    unclear = sorted(numbers & {"1", "2", "3"})
    if unclear and numbers.isdisjoint({"0", "4"}):
        from_1, from_0 = (",".join(f"{number}={LABELS[int(number) - first]}" for number in unclear) for first in (1, 0))
        raise InputError(
            f"the labels {', '.join(unclear)} count from 1 or from 0, as there is neither a 4 nor a 0; "
            f"say --labels {from_1} or --labels {from_0}"
        )
    return "0-3" if "0" in numbers and "4" not in numbers else "1-4"


def topic_index(label: str, named: Mapping[str, int | None], numbers: LabelNumbers | None) -> int | None:
    """Return 0 to 3, or None for out of scope. Raises KeyError if the label is unknown."""
    key = label_key(label)
    if key in named:
        return named[key]
    if key.startswith(OUT_PREFIX):
        return None
    if key.isdigit():
        first = 0 if numbers == "0-3" else 1
        return {str(first + index): index for index in range(len(LABELS))}[key]
    return TOPICS[_letters(key)]


def named_labels(names: str | None, out_of_scope: Iterable[str]) -> dict[str, int | None]:
    """Return what the labels of --labels and --out-of-scope mean, by their keys.

    Raises:
        InputError: `names` is not LABEL=TOPIC pairs with commas between them, or a label is in both.
    """
    named: dict[str, int | None] = {}
    for pair in next(csv.reader([names])) if names else ():
        label, equals, topic = pair.rpartition("=")
        try:
            named[label_key(label)] = topic_index(topic, {}, None)
        except KeyError:
            equals = ""
        if not (equals and label.strip()):
            raise InputError(f"--labels {pair}: expected LABEL=TOPIC; TOPIC is {', '.join(LABELS)} or begins with out:")
    for label in out_of_scope:
        if named.setdefault(label_key(label), None) is not None:
            raise InputError(f"--out-of-scope {label}: --labels says that it is a topic")
    return named
