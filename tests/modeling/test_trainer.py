"""One training's steps: targets, rates, averaged weights, and the copy that is trained."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.requirement import require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers", "tqdm")

import torch
from torch.nn.functional import cross_entropy
from transformers import DistilBertConfig, DistilBertForSequenceClassification

from modeling import fast_copy
from modeling.classifiers import load
from modeling.data import Data
from modeling.fast_copy import FastCopy
from modeling.recipe import Recipe
from modeling.rows import Row
from modeling.sampler import Batch
from modeling.trainer import Teacher, Trainer
from tests.support.tiny_checkpoint import write_safetensors

pytestmark = pytest.mark.usefixtures("one_torch_thread")


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_safetensors(tmp_path_factory.mktemp("start"))


def rows(count: int, label: int) -> list[Row]:
    return [Row(label, {"title": f"{label} {number}"}) for number in range(count)]


def test_targets_are_smoothed_labels_and_no_topic_s_are_even(start: Path, tmp_path: Path) -> None:
    classifier = load(start, 32, "cpu")
    recipe = Recipe(str(start), 4, smoothing=0.08, out_of_scope_weight=0.5)
    batch = Batch(["a", "b"], ["a", "b"], [2, None], [0, 0])
    part = Data("one", rows(40, 0), rows(4, 0), [])
    targets, weights = Trainer(recipe, [part], tmp_path / "run", classifier).targets(batch)
    assert targets.tolist() == [pytest.approx([0.02, 0.02, 0.94, 0.02]), [0.25] * 4]
    assert weights.tolist() == [1.0, 0.5]
    half = replace(recipe, taught=0.5)
    trainer = Trainer(half, [part], tmp_path / "taught", classifier, [lambda texts: torch.eye(4)[: len(texts)]])
    targets, _ = trainer.targets(batch)
    assert targets.tolist() == [pytest.approx([0.51, 0.01, 0.47, 0.01]), pytest.approx([0.125, 0.625, 0.125, 0.125])]


def test_each_data_set_s_texts_are_scored_by_its_own_teacher(start: Path, tmp_path: Path) -> None:
    parts = [Data(name, rows(40, 0), rows(4, 0), []) for name in ("one", "two", "three")]

    def teacher(label: int) -> Teacher:
        return lambda texts: torch.stack([torch.eye(4)[label] * len(text) for text in texts])

    both = teacher(3)
    recipe = Recipe(str(start), 4, taught=0.5)
    trainer = Trainer(recipe, parts, tmp_path / "run", load(start, 32, "cpu"), [teacher(1), both, both])
    originals = ["a", "bb", "ccc", "dddd"]
    shown = [f"{text} - CNN" for text in originals]
    scores = trainer.soft_labels(Batch(shown, originals, [0, None, 0, 0], [1, 0, 2, 0]))
    assert scores.tolist() == [[0, 0, 0, 1], [0, 2, 0, 0], [0, 0, 0, 3], [0, 4, 0, 0]]


def test_after_an_update_the_average_has_moved_by_one_less_decay(start: Path, tmp_path: Path) -> None:
    part = Data("one", rows(40, 0), rows(4, 0), [])
    name = "classifier.weight"
    for average, moved in ((0.998, 1 - 2 / 11), (0.1, 0.9)):  # the first decay is at most 2 / 11
        recipe = Recipe(str(start), 4, average=average)
        trainer = Trainer(recipe, [part], tmp_path / str(average), load(start, 32, "cpu"))
        before = trainer.average[name].clone()
        trainer.update(Batch(["oil", "pie"], ["oil", "pie"], [2, None], [0, 0]))
        change = trainer.classifier.model.get_parameter(name).detach() - before
        assert change.abs().max() > 1e-5
        assert torch.allclose(trainer.average[name], before + moved * change, rtol=0, atol=1e-8)


@pytest.mark.parametrize("warmup", [0.06, 0.3])
def test_the_rate_is_never_above_the_learning_rate(warmup: float, start: Path, tmp_path: Path) -> None:
    part = Data("one", rows(40, 0), rows(4, 0), [])
    recipe = Recipe(str(start), 4, learning_rate=1e-3, warmup=warmup)
    trainer = Trainer(recipe, [part], tmp_path / "run", load(start, 32, "cpu"))
    rates = []
    for _ in range(4):
        trainer.update(Batch(["oil", "pie"], ["oil", "pie"], [2, None], [0, 0]))
        rates.append(trainer.optimizer.param_groups[0]["lr"])
    assert max(rates) <= 1e-3
    assert rates[1:] == sorted(rates[1:], reverse=True)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float32])
def test_a_copy_of_either_type_trains_the_float32_model(kind: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_copy, "fast_type", lambda device: kind)
    torch.manual_seed(0)
    config = DistilBertConfig(
        vocab_size=50, dim=16, n_layers=1, n_heads=2, hidden_dim=32, dropout=0.0, id2label=dict.fromkeys(range(4), "")
    )
    model = DistilBertForSequenceClassification(config)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    copy = FastCopy(model)
    ids, targets = torch.arange(20).view(4, 5) + 5, torch.eye(4)
    losses = []
    for _ in range(30):
        logits = copy.model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.float()
        loss = cross_entropy(logits, targets)
        copy.update(loss, optimizer.step)
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3
    assert any(not torch.equal(value, before[name]) for name, value in model.state_dict().items())
    for ours, theirs in zip(model.parameters(), copy.model.parameters(), strict=True):
        assert ours.dtype == torch.float32
        assert torch.equal(ours.to(kind), theirs)
