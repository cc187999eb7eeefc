"""Explanations: what each word contributes to the label's score (Robnik-Šikonja & Kononenko 2008).

A word's contribution is the score minus the score without that word. Words are left out one at a time, so of two words
that say the same, each seems to matter little, and contributions do not add up to the score.
"""

import time
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import NamedTuple, TypedDict

from agnews.errors import LimitError
from agnews.model.classifier import Classifier, Prediction

DIGITS = 4
"""Decimal places of every number in an answer."""
JOINERS = frozenset(".'’&-")
"""Characters that join two parts into one word: U.S, don't, AT&T, wide-body."""
MAX_CUT_WORD = 100
"""Characters added to the last word that the model reads, if it is cut. A longer word has one token, so it is not."""


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
) -> Iterator[tuple[Prediction | None, list[Contribution] | None]]:
    """Return each text's prediction and its words' contributions, None for what was not computed by `deadline`.

    The contributions are computed text by text, as they are taken. Words behind the last token that the model reads are
    left out.

    Raises:
        LimitError: that would take more than `max_texts` inferences.
    """
    predictions = classifier.classify(texts, deadline)  # first, so that they are there if time runs out
    readable = [
        _readable(text, prediction, classifier, deadline) for text, prediction in zip(texts, predictions, strict=True)
    ]
    if len(texts) + sum(len(spans) for _, spans in filter(None, readable)) > max_texts:
        raise LimitError(
            "explain takes one inference for each text and one for each of its words, together at most "
            f"{max_texts:,} (AGNEWS_MAX_TEXTS); send fewer or shorter texts with explain"
        )
    # One text at a time: the variants of all texts together would be many times as large as the request.
    return (
        (prediction, part and _explanation(*part, prediction, classifier, deadline))
        for part, prediction in zip(readable, predictions, strict=True)
    )


def _readable(
    text: str, prediction: Prediction | None, classifier: Classifier, deadline: float
) -> tuple[str, list[WordSpan]] | None:
    """Return what the model reads of a text, and its words; None without a prediction, or after the deadline."""
    if prediction is None or time.monotonic() >= deadline:
        return None
    end = classifier.read_chars(text) if prediction.truncated else len(text)
    words = takewhile(lambda span: span.start < end, word_spans(text[: end + MAX_CUT_WORD]))
    spans = list(islice(words, classifier.checkpoint.max_length))  # some words have no token
    return text[: max(end, spans[-1].end if spans else 0)], spans


def _explanation(
    text: str, spans: Sequence[WordSpan], prediction: Prediction | None, classifier: Classifier, deadline: float
) -> list[Contribution] | None:
    if time.monotonic() >= deadline:
        return None
    without = classifier.classify([text[: span.start] + text[span.end :] for span in spans], deadline)
    return contributions(text, spans, prediction, without)


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
