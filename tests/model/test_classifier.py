from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from agnews.errors import ModelError
from agnews.labels import LABELS
from agnews.model.classifier import (
    CHUNK_CHARS,
    CHUNK_TEXTS,
    WINDOW_CHARS,
    WINDOW_TEXTS,
    Classifier,
    group_by_length,
    load,
    softmax,
)
from agnews.model.encode import Encoded, Encoder, read_tokenizer
from agnews.settings import EngineName, Settings

HEADLINES = {
    "World": "Rebels and government forces agree to a ceasefire in the border region",
    "Sports": "Striker's late goal sends the hosts into the cup final",
    "Business": "Retailer's shares fall after it cuts its profit forecast",
    "Sci/Tech": "Software update fixes a flaw in millions of phones",
}
LONG = "Profit rose again this quarter, the company said on Monday. " * 60


class CountingEngine:
    """The real engine; counts the texts that it gets."""

    def __init__(self, classifier: Classifier) -> None:
        self._engine = classifier.engine
        self.name: EngineName = classifier.engine.name
        self.max_tokens, self.pads = classifier.engine.max_tokens, classifier.engine.pads
        self.threads = 1
        self.texts = 0

    def logits(self, ids: Sequence[list[int]], alone: bool) -> NDArray[np.float32]:
        self.texts += len(ids)
        return self._engine.logits(ids, alone)


@pytest.fixture
def counting(classifier: Classifier) -> tuple[Classifier, CountingEngine]:
    engine = CountingEngine(classifier)
    return Classifier(classifier.checkpoint, Encoder(classifier.checkpoint), engine), engine


@pytest.mark.parametrize(("label", "text"), HEADLINES.items())
def test_an_obvious_headline_gets_its_topic(classifier: Classifier, label: str, text: str) -> None:
    (prediction,) = classifier.classify([text])
    assert prediction is not None
    assert LABELS[int(np.argmax(prediction.scores))] == label


def test_scores_are_probabilities(classifier: Classifier) -> None:
    for prediction in classifier.classify(list(HEADLINES.values())):
        assert prediction is not None
        assert all(0 <= score <= 1 for score in prediction.scores)
        assert sum(prediction.scores) == pytest.approx(1, abs=1e-9)


def test_a_list_is_answered_in_its_order_as_its_texts_alone(classifier: Classifier) -> None:
    texts = [f"{text} {number}" for number in range(50) for text in HEADLINES.values()] + [LONG, "Goal!", LONG]
    predictions = classifier.classify(texts)
    assert len(predictions) == len(texts)
    for text, prediction in zip(texts, predictions, strict=True):
        (alone,) = classifier.classify([text])
        assert prediction is not None
        assert alone is not None
        assert int(np.argmax(prediction.scores)) == int(np.argmax(alone.scores))
        assert prediction.scores == pytest.approx(alone.scores, abs=1e-3)
        assert prediction.truncated == alone.truncated


def test_one_worker_and_several_answer_alike(settings: Settings, classifier: Classifier) -> None:
    texts = [f"{text} {number}" for number in range(40) for text in HEADLINES.values()]
    assert classifier.engine.threads == 2
    assert load(settings._replace(workers=1)).classify(texts) == classifier.classify(texts)


def test_equal_texts_are_computed_once(counting: tuple[Classifier, CountingEngine]) -> None:
    classifier, engine = counting
    predictions = classifier.classify(list(HEADLINES.values()) * 100)
    assert engine.texts == len(HEADLINES)
    assert predictions[:4] == predictions[-4:]


def test_only_a_text_beyond_the_maximum_length_is_truncated(classifier: Classifier) -> None:
    words = classifier.checkpoint.max_length - 2  # [CLS] and [SEP] take two
    predictions = classifier.classify(["goal " * words, "goal " * (words + 1), LONG])
    assert [prediction is not None and prediction.truncated for prediction in predictions] == [False, True, True]


def test_no_texts_get_no_predictions(classifier: Classifier) -> None:
    assert classifier.classify([]) == []


def test_texts_are_grouped_by_length_and_the_first_is_computed_first() -> None:
    lengths = [3, 9, 3, 20, 9, 3, 3]
    assert group_by_length(lengths, max_tokens=9, pads=False) == [[0, 2, 5], [1], [3], [4], [6]]
    assert group_by_length(lengths, max_tokens=18, pads=False) == [[0, 2, 5, 6], [1, 4], [3]]
    assert group_by_length(lengths, max_tokens=27, pads=True) == [[1, 4, 0], [2, 5, 6], [3]]
    assert group_by_length([], max_tokens=9, pads=True) == []


def test_more_texts_than_a_window_are_answered_in_their_order(counting: tuple[Classifier, CountingEngine]) -> None:
    classifier, engine = counting
    texts = [f"goal {number}" for number in range(WINDOW_TEXTS + 3)]
    predictions = classifier.classify([*texts, texts[0]])
    assert engine.texts == len(texts)
    assert predictions[:3] + predictions[WINDOW_TEXTS:] == classifier.classify(
        texts[:3] + texts[WINDOW_TEXTS:] + texts[:1]
    )


def test_a_text_alone_and_in_a_list_of_callers_at_once_scores_the_same(settings: Settings) -> None:
    classifier = load(settings._replace(workers=2))
    texts = ["Oil prices climb", "Striker scores twice in the final"]
    assert classifier.classify(texts) == [*classifier.classify(texts[:1]), *classifier.classify(texts[1:])]
    classifier.close()


class LateEncoder(Encoder):
    """Is too late for its second chunk, as a delayed worker may be, and in time for its third."""

    chunks = 0

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        self.chunks += 1
        return [] if self.chunks == 2 else super().encode(texts)


def test_texts_behind_those_not_tokenised_in_time_are_not_taken_for_them(
    counting: tuple[Classifier, CountingEngine],
) -> None:
    classifier, engine = counting
    texts = [f"goal {number}" for number in range(3 * CHUNK_TEXTS)]
    predictions = Classifier(classifier.checkpoint, LateEncoder(classifier.checkpoint), engine).classify(texts)
    assert [prediction is not None for prediction in predictions] == [True] * CHUNK_TEXTS + [False] * 2 * CHUNK_TEXTS


class StallingEngine(CountingEngine):
    """Has a clock that moves only once: by a second, with the third text."""

    def monotonic(self) -> float:
        return float(self.texts >= 3)


def test_texts_not_begun_in_time_are_left_out_and_the_others_kept(
    classifier: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = StallingEngine(classifier)
    monkeypatch.setattr("agnews.model.classifier.time", engine)
    stalled = Classifier(classifier.checkpoint, Encoder(classifier.checkpoint), engine)
    predictions = stalled.classify(["goal " * length for length in range(1, 11)], deadline=1.0)
    assert [prediction is not None for prediction in predictions] == [True] * 3 + [False] * 7  # one length, one run
    assert engine.texts == 3


class RecordingEncoder(Encoder):
    """Records how many characters each call gets."""

    chars: list[int]

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        self.chars.append(sum(map(len, texts)))
        return super().encode(texts)


class RecordingEngine(CountingEngine):
    """Records how many characters were tokenised before its first call."""

    encoder: RecordingEncoder
    tokenised_before = 0

    def logits(self, ids: Sequence[list[int]], alone: bool) -> NDArray[np.float32]:
        self.tokenised_before = self.tokenised_before or sum(self.encoder.chars)
        return super().logits(ids, alone)


def test_long_texts_are_computed_before_all_of_them_are_tokenised(classifier: Classifier) -> None:
    engine = RecordingEngine(classifier)
    engine.encoder = RecordingEncoder(classifier.checkpoint)
    engine.encoder.chars = []
    texts = [f"{number} {LONG * 10}" for number in range(20)]
    assert None not in Classifier(classifier.checkpoint, engine.encoder, engine).classify(texts)
    assert 0 < engine.tokenised_before < WINDOW_CHARS + max(map(len, texts)) < sum(map(len, texts))


def test_between_two_looks_at_the_deadline_few_characters_are_tokenised(
    counting: tuple[Classifier, CountingEngine],
) -> None:
    classifier, engine = counting
    encoder = RecordingEncoder(classifier.checkpoint)
    encoder.chars = []
    texts = [f"{number} {LONG * 5}" for number in range(40)]
    assert None not in Classifier(classifier.checkpoint, encoder, engine).classify(texts)
    assert sum(encoder.chars) == sum(map(len, texts))
    assert max(encoder.chars) < CHUNK_CHARS + max(map(len, texts))


def test_logits_that_are_not_finite_are_the_models_fault() -> None:
    with pytest.raises(ModelError, match="not finite"):
        softmax(np.array([[0.0, float("nan"), 1.0, 2.0]], dtype=np.float32))


def test_large_logits_do_not_overflow() -> None:
    logits = np.array([[1000.0, 0.0, -1000.0, 0.0]], dtype=np.float32)
    assert softmax(logits).tolist() == [[1.0, 0.0, 0.0, 0.0]]


@pytest.mark.parametrize("token", ["[MASK]", "[SEP]", "[CLS]", "[PAD]", "[UNK]"])
def test_a_special_token_in_a_text_is_text(classifier: Classifier, token: str) -> None:
    encoder = Encoder(classifier.checkpoint)
    special, spaced = encoder.encode([f"Oil {token} prices", f"Oil [ {token[1:-1]} ] prices"])
    assert special.ids == spaced.ids
    assert [id_ for id_ in special.ids if encoder.encode([""])[0].ids.count(id_)] == encoder.encode([""])[0].ids


@pytest.mark.parametrize(
    "text",
    [
        LONG * 2,
        "w" * 9000 + " goal",
        "oil " + " " * 9000 + "goal",
        "東" * 9000,
        "日本é" * 3000,
        "wé" * 49 + " " + "wé" * 9000,
        "unaffordable" * 8 + " q" * 78 + "unaffordable" * 900,
        "a " * 9000,
        "i" + " w" * 126 + "." * 9000,
    ],
)
def test_a_long_text_has_the_tokens_of_the_whole(classifier: Classifier, text: str) -> None:
    tokenizer = read_tokenizer(classifier.checkpoint.folder)
    tokenizer.enable_truncation(classifier.checkpoint.max_length)
    whole = tokenizer.encode(text)
    (encoded,) = Encoder(classifier.checkpoint).encode([text])
    assert (encoded.ids, encoded.truncated) == (whole.ids, bool(whole.overflowing))
