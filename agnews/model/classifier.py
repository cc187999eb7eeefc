"""The classifier: texts in, calibrated scores out, with either engine."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

from agnews.errors import ModelError
from agnews.model.checkpoint import FILES, LIMITS_HINT, Checkpoint, check_regular, read_checkpoint, remedy, verify
from agnews.model.encode import Encoded, Encoder
from agnews.model.engines import IMPORTS, Engine
from agnews.settings import Settings

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW_TEXTS = 1024
"""Maximum number of distinct texts in a window, which is tokenised, grouped and computed before the next one."""
WINDOW_CHARS = 200_000
"""Characters after which a window ends: long texts take longer to tokenise than to compute."""
CHUNK_TEXTS = 128
"""Maximum number of texts that a worker tokenises in one call. With fewer, calls cost more; with more, workers idle."""
CHUNK_CHARS = 25_000
"""Characters after which a chunk ends, because the deadline is not checked while it is tokenised."""

Input = TypeVar("Input")
Output = TypeVar("Output")


class Prediction(NamedTuple):
    """The calibrated probabilities of one text, in the order of the labels, and what makes them less certain."""

    scores: tuple[float, ...]
    truncated: bool
    """Whether its end was cut off."""
    unfamiliar: bool
    """Whether it is unlike English."""


class ComputeTime(NamedTuple):
    """Seconds of computing since the classifier was made, summed over workers; exact for one caller at a time."""

    tokenize_s: float = 0.0
    inference_s: float = 0.0

    def plus(self, other: "ComputeTime") -> "ComputeTime":
        return ComputeTime(self.tokenize_s + other.tokenize_s, self.inference_s + other.inference_s)

    def since(self, earlier: "ComputeTime") -> "ComputeTime":
        return ComputeTime(self.tokenize_s - earlier.tokenize_s, self.inference_s - earlier.inference_s)


class Classifier:
    """Tokenises, batches, infers and calibrates. Created once per container by `load`; safe to call from threads."""

    def __init__(self, checkpoint: Checkpoint, encoder: Encoder, engine: Engine) -> None:
        self.checkpoint = checkpoint
        self.engine = engine
        self.compute_time = ComputeTime()
        self._encoder = encoder
        self._pool = ThreadPoolExecutor(engine.threads, "agnews") if engine.threads > 1 else None

    @property
    def labels(self) -> tuple[str, ...]:
        """The checkpoint's labels, in the order of a prediction's scores."""
        return self.checkpoint.labels

    def classify(self, texts: Sequence[str], deadline: float = math.inf) -> list[Prediction | None]:
        """Return one prediction per text, in order; None for texts not started by `deadline` (time.monotonic()).

        Equal texts are computed once. The other texts of a list change a text's scores by at most 0.001.

        Raises:
            ModelError: the engine failed.
        """
        predictions: dict[str, Prediction | None] = {}
        for window in split_texts(dict.fromkeys(texts), WINDOW_TEXTS, WINDOW_CHARS):
            predictions |= dict(zip(window, self._classify_window(window, deadline), strict=True))
        return [predictions[text] for text in texts]

    def read_chars(self, text: str) -> int:
        """Return the end of the last token of `text` that the model reads, in characters."""
        return self._encoder.read_chars(text)

    def close(self) -> None:
        """Cancel everything that has not started, so that the process can end."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def _classify_window(self, texts: Sequence[str], deadline: float) -> list[Prediction | None]:
        """Return one prediction per text, in order. Groups start in the order of their first texts."""
        encoded = self._encode(texts, deadline)
        groups = group_by_length([len(text.ids) for text in encoded], self.engine.max_tokens, self.engine.pads)
        alone = len(groups) == 1
        results = self._map(lambda group: self._predict([encoded[i] for i in group], alone, deadline), groups)
        predictions: list[Prediction | None] = [None] * len(texts)
        for group, (group_predictions, seconds) in zip(groups, results, strict=True):
            self.compute_time = self.compute_time.plus(ComputeTime(inference_s=seconds))
            for index, prediction in zip(group, group_predictions, strict=False):
                predictions[index] = prediction
        return predictions

    def _map(self, function: Callable[[Input], Output], inputs: Sequence[Input]) -> Iterable[Output]:
        return (self._pool.map if self._pool and len(inputs) > 1 else map)(function, inputs)

    def _encode(self, texts: Sequence[str], deadline: float) -> list[Encoded]:
        """Return the token ids of the first texts, in order: of those tokenised before the deadline."""
        encoded: list[Encoded] = []
        chunks = list(split_texts(texts, min(CHUNK_TEXTS, -(-len(texts) // self.engine.threads)), CHUNK_CHARS))
        results = self._map(lambda chunk: self._tokenize(chunk, deadline), chunks)
        for chunk, (chunk_encoded, seconds) in zip(chunks, results, strict=True):
            self.compute_time = self.compute_time.plus(ComputeTime(tokenize_s=seconds))
            encoded += chunk_encoded
            if len(chunk_encoded) < len(chunk):
                break  # another worker may have started the next chunk in time; its texts would take the wrong places
        return encoded

    def _tokenize(self, texts: Sequence[str], deadline: float) -> tuple[list[Encoded], float]:
        """Return the texts' token ids, or none after the deadline, and the seconds that it took."""
        start = time.monotonic()
        encoded = self._encoder.encode(texts) if start < deadline else []
        return encoded, time.monotonic() - start

    def _predict(self, texts: Sequence[Encoded], alone: bool, deadline: float) -> tuple[list[Prediction], float]:
        """Return the texts' predictions, or none after the deadline, and the seconds that it took."""
        start = time.monotonic()
        if start >= deadline:
            return [], 0.0
        scores = softmax(self._logits([text.ids for text in texts], alone) / self.checkpoint.temperature).tolist()
        predictions = [
            Prediction(tuple(row), text.truncated, text.unfamiliar) for row, text in zip(scores, texts, strict=True)
        ]
        return predictions, time.monotonic() - start

    def _logits(self, ids: Sequence[list[int]], alone: bool) -> "NDArray[np.float32]":
        try:
            return self.engine.logits(ids, alone)
        except Exception as error:  # engines raise their own classes, but errorType must be one of ours
            raise ModelError(
                f"the {self.engine.name} engine failed ({type(error).__name__}: {error}); "
                "give the function more memory, or bake the checkpoint again"
            ) from error


def split_texts(texts: Iterable[str], max_texts: int, max_chars: int) -> Iterator[list[str]]:
    """Yield the texts in lists of up to `max_texts`. A list also ends with the text that brings it to `max_chars`."""
    chunk: list[str] = []
    chars = 0
    for text in texts:
        chunk.append(text)
        chars += len(text)
        if len(chunk) == max_texts or chars >= max_chars:
            yield chunk
            chunk, chars = [], 0
    if chunk:
        yield chunk


def group_by_length(lengths: Sequence[int], max_tokens: int, pads: bool) -> list[list[int]]:
    """Return groups of indices of texts to compute together, ordered by the first text of each.

    With `pads`, a group is padded to its longest text; without, all its texts have one length.
    """
    groups: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        longest = lengths[groups[-1][0]] if groups else 0
        fits = groups and (len(groups[-1]) + 1) * longest <= max_tokens and (pads or lengths[index] == longest)
        if fits:
            groups[-1].append(index)
        else:
            groups.append([index])
    return sorted(groups, key=min)


def softmax(logits: "NDArray[np.float32]") -> "NDArray[np.float64]":
    """Return probabilities [batch, labels] that sum to 1 in each row. Raises ModelError if a logit is not finite."""
    if not np.isfinite(logits).all():
        raise ModelError("the model returned logits that are not finite; bake the checkpoint again")
    exponents = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    probabilities: NDArray[np.float64] = exponents / exponents.sum(axis=1, keepdims=True)
    return probabilities


def load(settings: Settings) -> Classifier:
    """Return the classifier that `settings` describe, with its files verified.

    Raises:
        ModelError: model_cache/ is missing, damaged, or not baked for the chosen engine.
    """
    checkpoint = read_checkpoint(settings.model_dir)
    for name in FILES[settings.engine]:
        check_regular(checkpoint.path(name))  # the engine and the encoder open files, too
    try:
        return _load(checkpoint, settings)
    except (ImportError, MemoryError, RuntimeError) as error:
        if remedy(error) is LIMITS_HINT:
            raise ModelError(f"the model could not be loaded ({error}); {LIMITS_HINT}") from error
        raise


def _load(checkpoint: Checkpoint, settings: Settings) -> Classifier:
    with ThreadPoolExecutor(2) as pool:
        verification = pool.submit(verify, checkpoint, FILES[settings.engine])
        try:  # in parallel: hashing and loading a model release the GIL
            loader = IMPORTS[settings.engine]()
            engine = pool.submit(loader, checkpoint, settings.workers)
            encoder = Encoder(checkpoint)
            return Classifier(checkpoint, encoder, engine.result())
        finally:
            verification.result()  # a damaged file's error takes precedence over the errors that it causes
