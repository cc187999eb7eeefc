"""The product: texts in, calibrated scores out, by whichever engine was chosen."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from agnews.errors import ModelError
from agnews.model.checkpoint import FILES, Checkpoint, read_checkpoint, verify
from agnews.model.encode import Encoded, Encoder
from agnews.model.engines import IMPORTS, Engine
from agnews.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW = 1024
"""Different texts that are tokenised, grouped and computed before the next ones are looked at."""
WINDOW_CHARS = 200_000
"""Characters after which such a window ends: long texts take longer to tokenise than to compute."""
CHUNK = 128
"""Texts a worker tokenises at once. Smaller ones would cost calls, larger ones leave workers idle at the end."""
CHUNK_CHARS = 50_000
"""Characters after which such a chunk ends, because nobody looks at the deadline while they are tokenised."""

Part = TypeVar("Part")
Done = TypeVar("Done")


class Prediction(NamedTuple):
    """Calibrated probabilities of one text, in LABELS' order, and whether its end was cut off."""

    scores: tuple[float, float, float, float]
    truncated: bool


class Spent(NamedTuple):
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
        found: dict[str, Prediction | None] = {}
        for window in chunks(dict.fromkeys(texts), WINDOW, WINDOW_CHARS):
            found |= dict(zip(window, self._window(window, deadline), strict=True))
        return [found[text] for text in texts]

    def close(self) -> None:
        """Gives up what is not begun yet, so that the process can end."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _window(self, texts: Sequence[str], deadline: float) -> list[Prediction | None]:
        """One prediction per text, in order. Groups are begun by their first texts, so others may overtake some."""
        encoded = self._encoded(texts, deadline)
        parts = groups([len(each.ids) for each in encoded], self.engine.most_tokens, self.engine.pads)
        alone = len(parts) == 1
        predictions: list[Prediction | None] = [None] * len(texts)
        each = self._map(lambda part: self._predicted([encoded[i] for i in part], alone, deadline), parts)
        for part, (found, spent_s) in zip(parts, each, strict=True):
            self.spent = self.spent.plus(Spent(inference_s=spent_s))
            for index, prediction in zip(part, found, strict=False):
                predictions[index] = prediction
        return predictions

    def _map(self, work: Callable[[Part], Done], parts: Sequence[Part]) -> Iterable[Done]:
        return (self._pool.map if self._pool and len(parts) > 1 else map)(work, parts)

    def _encoded(self, texts: Sequence[str], deadline: float) -> list[Encoded]:
        """The texts' token ids, in order, as far as the deadline allows."""
        encoded: list[Encoded] = []
        parts = list(chunks(texts, min(CHUNK, -(-len(texts) // self.engine.threads)), CHUNK_CHARS))
        each = self._map(lambda part: self._tokenized(part, deadline), parts)
        for part, (found, spent_s) in zip(parts, each, strict=True):
            self.spent = self.spent.plus(Spent(tokenize_s=spent_s))
            encoded += found
            if len(found) < len(part):
                break  # another worker may still have begun the next part in time
        return encoded

    def _tokenized(self, texts: Sequence[str], deadline: float) -> tuple[list[Encoded], float]:
        """The texts' token ids, none of them past the deadline, and how many seconds that took."""
        start = time.monotonic()
        found = self._encoder.encode(texts) if start < deadline else []
        return found, time.monotonic() - start

    def _predicted(self, texts: Sequence[Encoded], alone: bool, deadline: float) -> tuple[list[Prediction], float]:
        """The texts' predictions, none of them past the deadline, and how many seconds that took."""
        start = time.monotonic()
        if start >= deadline:
            return [], 0.0
        scores = softmax(self._logits([text.ids for text in texts], alone) / self.checkpoint.temperature).tolist()
        found = [Prediction(tuple(each), text.truncated) for each, text in zip(scores, texts, strict=True)]
        return found, time.monotonic() - start

    def _logits(self, ids: Sequence[list[int]], alone: bool) -> "NDArray[np.float32]":
        try:
            return self.engine.logits(ids, alone)
        except Exception as error:  # engines raise classes of their own, and errorType is one of ours
            raise ModelError(
                f"the {self.engine.name} engine failed ({type(error).__name__}: {error}); "
                "give it more memory, or bake the checkpoint again"
            ) from error


def chunks(texts: Iterable[str], most: int, most_chars: int) -> Iterator[list[str]]:
    """The texts in lists of at most `most`, each ending after the text that takes it to `most_chars` characters."""
    chunk: list[str] = []
    chars = 0
    for text in texts:
        chunk.append(text)
        chars += len(text)
        if len(chunk) == most or chars >= most_chars:
            yield chunk
            chunk, chars = [], 0
    if chunk:
        yield chunk


def groups(lengths: Sequence[int], most_tokens: int, pads: bool) -> list[list[int]]:
    """Indices of texts to compute together, the group with the first text first: what came first is answered first.

    A group pads to its longest text, or, where nothing `pads`, is of one length.
    """
    found: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        longest = lengths[found[-1][0]] if found else 0
        fits = found and (len(found[-1]) + 1) * longest <= most_tokens and (pads or lengths[index] == longest)
        if fits:
            found[-1].append(index)
        else:
            found.append([index])
    return sorted(found, key=min)


def softmax(logits: "NDArray[np.float32]") -> "NDArray[np.float64]":
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
    with ThreadPoolExecutor(2) as pool:
        verified = pool.submit(verify, checkpoint, FILES[settings.engine])
        try:  # meanwhile; Python runs in one thread only, but hashing and loading a model are not Python
            loader = IMPORTS[settings.engine]()
            engine = pool.submit(loader, checkpoint, settings.workers)
            encoder = Encoder(checkpoint)
            return Classifier(checkpoint, encoder, engine.result())
        finally:
            verified.result()  # what is wrong with a file comes first
