"""The product: texts in, calibrated scores out, by whichever engine was chosen."""

import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agnews.checkpoint import FILES, Checkpoint, read_checkpoint, verify
from agnews.encode import Encoded, Encoder
from agnews.engines import LOADERS, Engine
from agnews.errors import ModelError
from agnews.settings import Settings

CHUNK = 64
"""Texts a worker tokenises at once. Smaller ones would cost calls, larger ones leave workers idle at the end."""
CHUNK_CHARS = 50_000
"""Characters after which such a chunk ends, because nobody looks at the deadline while they are tokenised."""


@dataclass(frozen=True)
class Prediction:
    """Calibrated probabilities of one text, in LABELS' order, and whether its end was cut off."""

    scores: tuple[float, float, float, float]
    truncated: bool


@dataclass(frozen=True)
class Spent:
    """Seconds of work since the container started, summed over workers; by one caller at a time, as in Lambda."""

    tokenize_s: float = 0.0
    inference_s: float = 0.0

    def plus(self, other: "Spent") -> "Spent":
        return Spent(self.tokenize_s + other.tokenize_s, self.inference_s + other.inference_s)

    def since(self, earlier: "Spent") -> "Spent":
        return Spent(self.tokenize_s - earlier.tokenize_s, self.inference_s - earlier.inference_s)


class Classifier:
    """Encodes, batches, runs and calibrates. Made once per container by `load`; safe to call from threads."""

    def __init__(self, checkpoint: Checkpoint, encoder: Encoder, engine: Engine) -> None:
        self.checkpoint = checkpoint
        self.engine = engine
        self.spent = Spent()
        self._encoder = encoder
        self._pool = ThreadPoolExecutor(engine.threads, "agnews") if engine.threads > 1 else None

    def classify(self, texts: Sequence[str], deadline: float = math.inf) -> list[Prediction | None]:
        """One prediction per text, in order; None for those not begun when time.monotonic() reached `deadline`.

        Equal texts are computed once. A text's scores do not depend on the other texts by more than 0.001.

        Raises:
            ModelError: the engine failed.
        """
        unique = list(dict.fromkeys(texts))
        size = CHUNK if self._pool is None else max(1, min(CHUNK, -(-len(unique) // self.engine.threads)))
        parts = list(chunks(unique, size))
        each = (self._pool.map if self._pool and len(parts) > 1 else map)(
            lambda part: self._chunk(part, deadline), parts
        )
        predictions: list[Prediction | None] = []
        for of_part, spent in each:
            predictions += of_part
            self.spent = self.spent.plus(spent)
        found = dict(zip(unique, predictions, strict=True))
        return [found[text] for text in texts]

    def close(self) -> None:
        """Gives up what is not begun yet, so that the process can end."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _chunk(self, texts: Sequence[str], deadline: float) -> tuple[list[Prediction | None], Spent]:
        start = time.monotonic()
        predictions: list[Prediction | None] = [None] * len(texts)
        if start >= deadline:
            return predictions, Spent()
        encoded = self._encoder.encode(texts)
        tokenized = time.monotonic()
        for group in groups(encoded, self.engine.batch_size):
            if time.monotonic() >= deadline:
                break
            logits = self._logits([encoded[index].ids for index in group])
            for index, scores in zip(group, softmax(logits / self.checkpoint.temperature).tolist(), strict=True):
                predictions[index] = Prediction(tuple(scores), encoded[index].truncated)
        return predictions, Spent(tokenized - start, time.monotonic() - tokenized)

    def _logits(self, ids: Sequence[list[int]]) -> NDArray[np.float32]:
        try:
            return self.engine.logits(ids)
        except Exception as error:  # engines raise classes of their own, and errorType is one of ours
            raise ModelError(
                f"the {self.engine.name} engine failed ({type(error).__name__}: {error}); "
                "give it more memory, or bake the checkpoint again"
            ) from error


def chunks(texts: Sequence[str], most: int) -> Iterator[list[str]]:
    """The texts in lists of at most `most`, each ending after the text that takes it to CHUNK_CHARS."""
    chunk: list[str] = []
    chars = 0
    for text in texts:
        chunk.append(text)
        chars += len(text)
        if len(chunk) == most or chars >= CHUNK_CHARS:
            yield chunk
            chunk, chars = [], 0
    if chunk:
        yield chunk


def groups(encoded: Sequence[Encoded], size: int) -> Iterator[list[int]]:
    """Indices in runs of at most `size` texts, of similar length where that saves padding."""
    order = list(range(len(encoded)))
    if size > 1:
        order.sort(key=lambda index: len(encoded[index].ids))
    return (order[start : start + size] for start in range(0, len(order), size))


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Probabilities [batch, 4] that sum to 1. Raises ModelError if a logit is not finite."""
    if not np.isfinite(logits).all():
        raise ModelError("the model answered with logits that are not finite; bake it again")
    exponents = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = exponents / exponents.sum(axis=1, keepdims=True)
    return probabilities


def load(settings: Settings) -> Classifier:
    """The classifier of `settings`, its files verified.

    Raises:
        ModelError: model_cache/ is missing, damaged, or not baked for the chosen engine.
    """
    checkpoint = read_checkpoint(settings.model_dir)
    verify(checkpoint, FILES[settings.engine])
    engine = LOADERS[settings.engine](checkpoint, settings.workers)
    return Classifier(checkpoint, Encoder(checkpoint), engine)
