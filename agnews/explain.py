"""Why this topic: what each word contributes to the label's score, by leaving it out (Robnik-Šikonja & Kononenko 2008).

A word's contribution is the score with it less the score without it. Words are left out one at a time, so two that
say the same each seem to matter little, and contributions do not add up to the score.
"""

import re
from collections.abc import Sequence
from itertools import chain, islice
from typing import TypedDict

from agnews.classifier import Classifier, Prediction
from agnews.errors import LimitError

DIGITS = 4
"""Decimal places of every number in an answer."""

_WORD = re.compile(r"\w+(?:[.'’&-]\w+)*")
"""Letters and digits, with what joins them: U.S, don't, AT&T, wide-body."""


class Contribution(TypedDict):
    """A word of the text and what it speaks for: above 0 for the label, below 0 against it."""

    word: str
    start: int
    """Unicode characters before the word; `end` is where it ends."""
    end: int
    contribution: float


def words(text: str) -> list[re.Match[str]]:
    """The words of `text` with their places; scripts without spaces come in long runs."""
    return list(_WORD.finditer(text))


def explain(
    texts: Sequence[str], classifier: Classifier, max_texts: int, deadline: float
) -> list[tuple[Prediction | None, list[Contribution] | None]]:
    """Each text's prediction, and its words' contributions, computed in one batch; None where time ran out.

    Raises:
        LimitError: that would take more than `max_texts` inferences.
    """
    changed = without_each(texts, max_texts)
    predictions = classifier.classify(texts, deadline)  # first, so that they are there if time runs out
    computed = iter(classifier.classify(list(chain.from_iterable(changed)), deadline))
    return [
        (prediction, contributions(text, prediction, list(islice(computed, len(others)))))
        for text, prediction, others in zip(texts, predictions, changed, strict=True)
    ]


def without_each(texts: Sequence[str], max_texts: int) -> list[list[str]]:
    """For each text, the text without each of its words in turn. Raises LimitError before these take up memory."""
    left = max_texts - len(texts)
    for text in texts:
        left -= sum(1 for _ in islice(_WORD.finditer(text), max(left, 0) + 1))
    if left < 0:
        raise LimitError(
            "explaining takes one inference for each text and one for each of its words, together at most "
            f"{max_texts:,} (AGNEWS_MAX_TEXTS); send fewer texts with explain, or shorter ones"
        )
    return [[text[: word.start()] + text[word.end() :] for word in words(text)] for text in texts]


def contributions(
    text: str, prediction: Prediction | None, without: Sequence[Prediction | None]
) -> list[Contribution] | None:
    """One for each word, in the text's order, for the label that scored best; None where a prediction is missing."""
    complete = [other for other in without if other is not None]
    if prediction is None or len(complete) < len(without):
        return None
    best = prediction.scores.index(max(prediction.scores))
    return [
        {
            "word": word[0],
            "start": word.start(),
            "end": word.end(),
            "contribution": round(prediction.scores[best] - other.scores[best], DIGITS) + 0.0,  # never -0.0
        }
        for word, other in zip(words(text), complete, strict=True)
    ]
