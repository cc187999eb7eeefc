"""What the labels of a file mean: a topic by name or number, or out of scope. Topics are a checkpoint's labels."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache

from agnews.errors import InputError
from agnews.labels import LABELS_SHOWN, listed

OUT_PREFIX = "out:"
"""Labels that begin like this are out of scope: texts about none of the topics."""
INTEGER = re.compile(r"([0-9]{1,9})(\.0*)?")
"""Also `1.0`, as pandas writes integers in a column with gaps."""

Topics = tuple[str, ...]
Named = Mapping[str, int | None]
"""What the labels of --labels and --out-of-scope mean, by their keys: a topic's index, or None for out of scope."""


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def label_key(label: str) -> str:
    """Return what all spellings of a label have in common: no case, no outer blanks, integers without a point."""
    folded = label.strip().casefold()
    integer = INTEGER.fullmatch(folded)
    return str(int(integer[1])) if integer else folded


@cache
def _by_name(topics: Topics) -> dict[str, int]:
    """Return the topics' indices by their keys and, where two topics share one, such as 7 and 07, by their names."""
    by_key = {label_key(topic): index for index, topic in enumerate(topics)}
    return by_key | {topic.strip().casefold(): index for index, topic in enumerate(topics)}


@cache
def _by_letters(topics: Topics) -> dict[str, int]:
    """Return the topics' indices by their letters in lower case, without letters that two topics share."""
    letters = list(map(_letters, topics))
    counts = Counter(letters)
    return {name: index for index, name in enumerate(letters) if name and counts[name] == 1}


@cache
def are_numbered(topics: Topics) -> bool:
    """Return whether files may number the topics: a topic whose name is a number would make that unclear."""
    return not any(map(str.isdigit, _by_name(topics)))


def numeric_labels(labels: Iterable[str], named: Named, topics: Topics) -> set[str]:
    """Return the keys of the labels that are topics' numbers, without the `named` ones."""
    keys = map(label_key, labels) if are_numbered(topics) else ()
    return {key for key in keys if key.isdigit() and key not in named}


def first_number(numbers: set[str], topics: Topics) -> int:
    """Return the first topic's number, 0 or 1, in files with these numbers as labels.

    They count from 0, as on the Hugging Face Hub, if there is a 0 and not the number of topics, and from 1, as in
    AG News' own files, if there is that number.

    Raises:
        InputError: there is neither.
    """
    last = len(topics)
    unclear = [number for number in map(str, range(1, last)) if number in numbers]
    if unclear and numbers.isdisjoint({"0", str(last)}):
        from_1, from_0 = (_pairs(unclear, topics, first) for first in (1, 0))
        raise InputError(
            f"the labels {listed(unclear)} may count from 1 or from 0: there is neither a {last} nor a 0; "
            f"say --labels {from_1} or --labels {from_0}"
        )
    return 0 if "0" in numbers and str(last) not in numbers else 1


def _pairs(numbers: Sequence[str], topics: Topics, first: int) -> str:
    """Return the numbers with their topics as --labels takes them, if the first topic's number is `first`."""
    line = io.StringIO()
    csv.writer(line).writerow([f"{number}={topics[int(number) - first]}" for number in numbers[:LABELS_SHOWN]])
    return line.getvalue().rstrip() + (",…" if len(numbers) > LABELS_SHOWN else "")


def topic_index(label: str, topics: Topics, named: Named, first: int) -> int | None:
    """Return the index of the label's topic, or None for out of scope. `first` is the first topic's number.

    Raises:
        KeyError: the label is unknown.
    """
    key, names = label_key(label), _by_name(topics)
    if key in named:
        return named[key]
    for name in (label.strip().casefold(), key):
        if name in names:
            return names[name]
    if key.startswith(OUT_PREFIX):
        return None
    if key.isdigit() and are_numbered(topics):
        return {str(first + index): index for index in range(len(topics))}[key]
    return _by_letters(topics)[_letters(key)]


def named_labels(names: str | None, out_of_scope: Iterable[str], topics: Topics) -> dict[str, int | None]:
    """Return what the labels of --labels and --out-of-scope mean, by their keys.

    Raises:
        InputError: `names` is not LABEL=TOPIC pairs with commas between them, or a label is in both.
    """
    named = dict(_pair(pair, topics) for pair in next(csv.reader([names]))) if names else {}
    for label in out_of_scope:
        if named.setdefault(label_key(label), None) is not None:
            raise InputError(f"--out-of-scope {label}: --labels says that it is a topic")
    return named


def _pair(pair: str, topics: Topics) -> tuple[str, int | None]:
    """Return the key of the label in LABEL=TOPIC, and the topic's index; either may contain an equals sign."""
    for equals in reversed([match.start() for match in re.finditer("=", pair)]):
        label, topic = pair[:equals], pair[equals + 1 :]
        if label.strip():
            with suppress(KeyError):
                return label_key(label), topic_index(topic, topics, {}, first=1)
    raise InputError(f"--labels {pair}: expected LABEL=TOPIC; TOPIC is {listed(topics)} or begins with out:")
