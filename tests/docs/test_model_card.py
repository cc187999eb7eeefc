"""The model card and model_cache/ are what the Hugging Face Hub and transformers expect."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from agnews.labels import LABELS
from agnews.model.classifier import Classifier, load
from agnews.settings import Settings
from tests.support.documents import text_of
from tests.support.requirement import ROOT, require_module
from tests.support.texts import GOAL, OIL

require_module("huggingface_hub", "transformers", "torch")

LONG = "Central bank holds interest rates as inflation cools. " * 40
"""Far more than 128 tokens."""


def test_the_card_has_the_fields_that_the_hub_reads() -> None:
    from huggingface_hub import ModelCard

    facts = vars(ModelCard(text_of("MODEL_CARD.md")).data)
    assert (facts["language"], facts["license"], facts["license_name"]) == ("en", "other", "ag-news-non-commercial")
    assert (facts["library_name"], facts["pipeline_tag"]) == ("transformers", "text-classification")
    assert (facts["datasets"], facts["metrics"]) == (["fancyzhx/ag_news"], ["accuracy", "f1"])
    assert {result.metric_type for result in facts["eval_results"]} == {"accuracy", "f1"}


@pytest.fixture(scope="module")
def reference() -> Classifier:
    return load(Settings(engine="pipeline"))


@pytest.mark.parametrize("text", [GOAL, OIL, LONG], ids=["goal", "oil", "long"])
def test_transformers_loads_a_copy_of_the_folder_and_gives_the_uncalibrated_score(
    text: str, reference: Classifier, tmp_path: Path
) -> None:
    from transformers import pipeline

    folder = shutil.copytree(ROOT / "model_cache", tmp_path / "pushed")
    (actual,) = pipeline("text-classification", str(folder))([text], truncation=True)
    (prediction,) = reference.classify([text])
    assert prediction is not None
    logits = np.log(prediction.scores) * reference.checkpoint.temperature
    scores = dict(zip(LABELS, np.exp(logits) / np.exp(logits).sum(), strict=True))
    assert actual["label"] == max(scores, key=lambda label: scores[label])
    assert actual["score"] == pytest.approx(scores[actual["label"]], abs=1e-4)
