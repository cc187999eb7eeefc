"""Explanations: what each word contributes to the label's score (Robnik-Šikonja & Kononenko 2008).

A word's contribution is the score minus the score without that word. Words are left out one at a time, so of two words
that say the same, each seems to matter little, and contributions do not add up to the score.
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
"""Characters that join two parts into one word: U.S, don't, AT&T, wide-body."""


class WordSpan(NamedTuple):
    """The position of a word in its text, in Unicode characters; `end` is exclusive."""

    start: int
    end: int


class Contribution(TypedDict):
    """A word and its contribution: positive if it speaks for the label, negative if against it."""

    word: str
    start: int
    """In Unicode characters, as `end`, which is exclusive."""
    end: int
    contribution: float


def word_spans(text: str) -> Iterator[WordSpan]:
    """Yield the positions of the words in `text`. Text in scripts without spaces is split into long runs."""
    start = None
    for index, character in enumerate(text):
        if _is_word_character(character):
            start = index if start is None else start
        elif start is not None:
            following = text[index + 1 : index + 2]
            if character not in JOINERS or not following or not _is_word_character(following):
                yield WordSpan(start, index)
                start = None
    if start is not None:
        yield WordSpan(start, len(text))


def _is_word_character(character: str) -> bool:
    """Return whether it is a letter, a digit, a mark that combines with them, or an invisible joiner within words."""
    return character.isalnum() or character in "_\u200c\u200d" or unicodedata.category(character)[0] == "M"


def explain(
    texts: Sequence[str], classifier: Classifier, max_texts: int, deadline: float
) -> list[tuple[Prediction | None, list[Contribution] | None]]:
    """Return each text's prediction and its words' contributions, None for what was not computed by `deadline`.

    Words that the model cannot read, because every word takes at least one token, are left out.

    Raises:
        LimitError: that would take more than `max_texts` inferences.
    """
    max_words = classifier.checkpoint.max_length
    spans_of_texts = [list(islice(word_spans(text), max_words)) for text in texts]
    if len(texts) + sum(map(len, spans_of_texts)) > max_texts:
        raise LimitError(
            "explain takes one inference for each text and one for each of its words, together at most "
            f"{max_texts:,} (AGNEWS_MAX_TEXTS); send fewer or shorter texts with explain"
        )
    predictions = classifier.classify(texts, deadline)  # first, so that they are there if time runs out
    # One text at a time: the variants of all texts together would be many times as large as the request.
    explained = []
    for text, spans, prediction in zip(texts, spans_of_texts, predictions, strict=True):
        readable = text[: spans[-1].end] if len(spans) == max_words else text
        without = classifier.classify([readable[: span.start] + readable[span.end :] for span in spans], deadline)
        explained.append((prediction, contributions(text, spans, prediction, without)))
    return explained


def contributions(
    text: str, spans: Sequence[WordSpan], prediction: Prediction | None, without: Sequence[Prediction | None]
) -> list[Contribution] | None:
    """Return each word's contribution to the best label's score, in the text's order; None if a prediction is missing.

    `without` has the prediction for the text without each word.
    """
    complete = [variant for variant in without if variant is not None]
    if prediction is None or len(complete) < len(without):
        return None
    best = prediction.scores.index(max(prediction.scores))
    return [
        {
            "word": text[span.start : span.end],
            "start": span.start,
            "end": span.end,
            "contribution": round(prediction.scores[best] - variant.scores[best], DIGITS) + 0.0,  # never -0.0
        }
        for span, variant in zip(spans, complete, strict=True)
    ]
