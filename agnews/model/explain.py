"""Why this topic: what each word contributes to the label's score, by leaving it out (Robnik-Šikonja & Kononenko 2008).

A word's contribution is the score with it less the score without it. Words are left out one at a time, so two that
say the same each seem to matter little, and contributions do not add up to the score.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple, TypedDict

from agnews.errors import LimitError
from agnews.model.classifier import Classifier, Prediction

DIGITS = 4
"""Decimal places of every number in an answer."""
JOINERS = frozenset(".'’&-")
"""What joins two parts to one word: U.S, don't, AT&T, wide-body."""


class Word(NamedTuple):
    """Where a word stands in its text, in Unicode characters."""

    start: int
    end: int


class Contribution(TypedDict):
    """A word of the text and what it speaks for: above 0 for the label, below 0 against it."""

    word: str
    start: int
    """Unicode characters before the word; `end` is where it ends."""
    end: int
    contribution: float


def words(text: str) -> Iterator[Word]:
    """The words of `text` with their places, found as they are asked for; scripts without spaces come in long runs."""
    start = None
    for place, character in enumerate(text):
        if _within(character):
            start = place if start is None else start
        elif start is not None:
            following = text[place + 1 : place + 2]
            if character not in JOINERS or not following or not _within(following):
                yield Word(start, place)
                start = None
    if start is not None:
        yield Word(start, len(text))


def _within(character: str) -> bool:
    """Letters, digits, the marks that combine with them, and the joiners of scripts that need them."""
    return character.isalnum() or character in "_\u200c\u200d" or unicodedata.category(character)[0] == "M"


def explain(
    texts: Sequence[str], classifier: Classifier, max_texts: int, deadline: float
) -> list[tuple[Prediction | None, list[Contribution] | None]]:
    """Each text's prediction, and its words' contributions, a batch for each text; None where time ran out.

    Words that the model cannot reach, as each takes a token or more, are left out.

    Raises:
        LimitError: that would take more than `max_texts` inferences.
    """
    most = classifier.checkpoint.max_length
    found = [list(islice(words(text), most)) for text in texts]
    if len(texts) + sum(map(len, found)) > max_texts:
        raise LimitError(
            "explaining takes one inference for each text and one for each of its words, together at most "
            f"{max_texts:,} (AGNEWS_MAX_TEXTS); send fewer texts with explain, or shorter ones"
        )
    predictions = classifier.classify(texts, deadline)  # first, so that they are there if time runs out
    # A text at a time: all variants of all texts would be many times the request.
    explained = []
    for text, of_text, prediction in zip(texts, found, predictions, strict=True):
        read = text[: of_text[-1].end] if len(of_text) == most else text
        without = classifier.classify([read[: word.start] + read[word.end :] for word in of_text], deadline)
        explained.append((prediction, contributions(text, of_text, prediction, without)))
    return explained


def contributions(
    text: str, found: Sequence[Word], prediction: Prediction | None, without: Sequence[Prediction | None]
) -> list[Contribution] | None:
    """One for each word, in the text's order, for the label that scored best; None where a prediction is missing."""
    complete = [other for other in without if other is not None]
    if prediction is None or len(complete) < len(without):
        return None
    best = prediction.scores.index(max(prediction.scores))
    return [
        {
            "word": text[word.start : word.end],
            "start": word.start,
            "end": word.end,
            "contribution": round(prediction.scores[best] - other.scores[best], DIGITS) + 0.0,  # never -0.0
        }
        for word, other in zip(found, complete, strict=True)
    ]
