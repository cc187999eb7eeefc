from typing import Any

import numpy as np
import pytest

from tests.support.requirement import require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers")

import torch
import transformers

from agnews.labels import LABELS
from agnews.model.classifier import Classifier, load
from agnews.settings import Settings
from modeling.headlines import headlines

TEXTS = [*headlines(60), "Goal!", "Profit rose again this quarter, the company said on Monday. " * 40]


@pytest.fixture(scope="module")
def reference() -> Classifier:
    return load(Settings(engine="pipeline", workers=2))


def test_the_pipeline_engine_answers_as_transformers_pipeline(reference: Classifier) -> None:
    folder, temperature = reference.checkpoint.folder, reference.checkpoint.temperature
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), pad_token="[PAD]", model_max_length=128
    )
    model = transformers.DistilBertForSequenceClassification.from_pretrained(folder, dtype=torch.float32)
    pipe = transformers.pipeline("text-classification", model=model, tokenizer=tokenizer, device="cpu")
    rows: Any = pipe(TEXTS, top_k=None, function_to_apply="none", truncation=True)
    logits = np.array([[next(p["score"] for p in row if p["label"] == label) for label in LABELS] for row in rows])
    expected = np.exp(logits / temperature)
    expected /= expected.sum(axis=1, keepdims=True)
    for prediction, scores in zip(reference.classify(TEXTS), expected, strict=True):
        assert prediction is not None
        assert prediction.scores == pytest.approx(scores, abs=1e-5)


def test_a_text_in_a_padded_batch_scores_as_it_does_alone(reference: Classifier) -> None:
    for prediction, text in zip(reference.classify(TEXTS), TEXTS, strict=True):
        (alone,) = reference.classify([text])
        assert prediction is not None
        assert alone is not None
        assert prediction.scores == pytest.approx(alone.scores, abs=1e-5)


def test_the_int8_engine_agrees_with_the_reference(classifier: Classifier, reference: Classifier) -> None:
    texts = headlines(400, seed=7)
    pairs = zip(classifier.classify(texts), reference.classify(texts), strict=True)
    agreeing = [bool(np.argmax(fast.scores) == np.argmax(exact.scores)) for fast, exact in pairs if fast and exact]
    assert len(agreeing) == len(texts)
    assert sum(agreeing) / len(agreeing) >= 0.99


def test_the_pipeline_engine_computes_with_as_many_threads_as_it_has_workers(reference: Classifier) -> None:
    single = load(Settings(engine="pipeline", workers=1))
    threads = []
    for classifier in (single, reference, single):  # torch has one number for the process: each call sets its own
        classifier.classify(["Shares rise"])
        threads.append(torch.get_num_threads())
    assert threads == [1, 2, 1]
