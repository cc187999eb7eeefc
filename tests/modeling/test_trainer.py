"""What a training shows in each epoch, and what a step does to the weights and their average."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.requirement import require_module, require_start_weights

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers", "tqdm")

import torch

from modeling import data
from modeling.augment import new_texts_of
from modeling.epochs import Epochs
from modeling.loss import disagreement
from modeling.recipe import Recipe, weights_in
from modeling.soft_labels import SoftLabels, key
from modeling.train import Trainer

RECIPE = Recipe(
    epochs=3, batch=8, held_out=4, hidden=0.5, bfloat16=True, average_every=2, augmented=21, augmented_full=0.5
)
SAID = [0.125, 0.25, 0.5, 0.125]
"""What the teachers say of every new text."""
MASK = 103


def rows() -> list[data.Row]:
    def row(number: int) -> data.Row:
        title, description = f"Headline {number} of the day", f"What happened on day {number} of the year."
        return data.Row(number % 4, {"title": title, "full": f"{title}: {description}", "description": description})

    return [row(number) for number in range(40)]


def labels(texts: list[str], path: Path) -> SoftLabels:
    """The teachers' word on `texts`, read from a file."""
    logits = np.log(np.array([SAID] * len(texts), np.float16))
    np.savez(path, keys=np.array([key(text) for text in texts], np.uint64), logits=logits)
    return SoftLabels(path)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> SoftLabels:
    """The word of teachers who were not asked about the last of 21 new texts."""
    require_start_weights()
    texts = new_texts_of(data.split(rows(), RECIPE.held_out, RECIPE.split_seed)[0], RECIPE)
    assert len(texts) == 21
    return labels(texts[:-1], tmp_path_factory.mktemp("labels") / "new.npz")


@pytest.fixture(scope="module")
def trainer(said: SoftLabels, tmp_path_factory: pytest.TempPathFactory) -> Trainer:
    return Trainer(RECIPE, rows(), tmp_path_factory.mktemp("trainer") / "run", None, None, said)


def told(trainer: Trainer, epoch: int) -> tuple[int, int]:
    """How many texts an epoch shows, and of how many the target is what the teachers say of new ones."""
    goals = torch.cat([goal for _, _, goal in trainer.epochs.batches_of(epoch)])
    return len(goals), int(torch.isclose(goals, torch.tensor(SAID), atol=1e-3).all(1).sum())


def test_new_texts_are_spread_over_all_epochs_but_the_last(trainer: Trainer) -> None:
    assert [told(trainer, epoch) for epoch in range(3)] == [(46, 10), (46, 10), (36, 0)]
    assert trainer.epochs.ends == [6, 12, 17]


def test_how_many_texts_teachers_were_asked_about_is_told(trainer: Trainer, said: SoftLabels, tmp_path: Path) -> None:
    assert trainer.epochs.asked() == {"new texts": (20, 21)}
    titles = labels([row.views["title"] for row in trainer.training], tmp_path / "titles.npz")
    epochs = Epochs(RECIPE, trainer.training, trainer.tokenizer, titles, said)
    assert epochs.asked() == {"training texts": (36, 72), "new texts": (20, 21)}


def test_the_only_epoch_shows_all_new_texts(said: SoftLabels, tmp_path: Path) -> None:
    recipe = replace(RECIPE, epochs=1)
    assert told(Trainer(recipe, rows(), tmp_path / "run", None, None, said), 0) == (56, 20)


def test_tokens_are_hidden_but_never_the_first(trainer: Trainer) -> None:
    for ids, mask, _ in trainer.epochs.batches_of(0):
        assert not (ids[:, 0] == MASK).any()
        assert not ((ids == MASK) & (mask == 0)).any()
    share = np.mean([float((ids[mask == 1] == MASK).float().mean()) for ids, mask, _ in trainer.epochs.batches_of(0)])
    assert 0.3 < share < 0.6


def test_a_step_moves_the_weights_and_every_other_one_their_average(said: SoftLabels, tmp_path: Path) -> None:
    fresh = Trainer(RECIPE, rows(), tmp_path / "run", None, None, said)
    name = "classifier.weight"
    weight, average = dict(fresh.model.named_parameters())[name], fresh.average[name]
    before = average.clone()
    first, second = fresh.epochs.batches_of(0)[:2]
    fresh.update(first)
    assert weight.dtype == torch.float32
    assert not torch.equal(weight, before)
    assert torch.equal(average, before)
    fresh.update(second)
    decay = (3 / 12) ** 2  # (1 + step) / (10 + step) at step 2, for two steps
    assert torch.allclose(average, before.lerp(weight.detach(), 1 - decay))


def test_passes_that_differ_cost_their_divergence_in_both_directions() -> None:
    one, other = torch.tensor([[0.7, 0.1, 0.1, 0.1]]), torch.tensor([[0.4, 0.4, 0.1, 0.1]])
    both = float((one * (one / other).log()).sum() + (other * (other / one).log()).sum())
    assert float(disagreement(torch.cat([one, other]).log())) == pytest.approx(both / 2)
    assert float(disagreement(torch.cat([one, one]).log())) == 0


def test_agreement_makes_a_step_s_loss_larger(said: SoftLabels, tmp_path: Path) -> None:
    losses = []
    for weight in (1e-9, 100.0):  # both see each text twice, with the same dropout
        recipe = replace(RECIPE, agreement=weight)
        found = Trainer(recipe, rows(), tmp_path / str(weight), None, None, said)
        losses.append(found.update(found.epochs.batches_of(0)[0]))
    assert losses[1] > losses[0]


def test_a_resumed_training_shows_the_same_new_texts(trainer: Trainer, said: SoftLabels) -> None:
    trainer.save()
    again = Trainer(RECIPE, rows(), trainer.run, None, None, said)
    assert (again.step, again.epochs.new) == (trainer.step, trainer.epochs.new)
    for (ids, _, goals), (same_ids, _, same_goals) in zip(
        again.epochs.batches_of(1), trainer.epochs.batches_of(1), strict=True
    ):
        assert torch.equal(ids, same_ids)
        assert torch.equal(goals, same_goals)


def test_too_few_rows_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    for few in (rows()[:4], []):
        with pytest.raises(SystemExit, match="more than 4 with full texts are needed"):
            Trainer(RECIPE, few, tmp_path / "run", None)
    titles = [data.Row(row.label, {"title": row.views["title"]}) for row in rows()]
    with pytest.raises(SystemExit, match="of 40 rows 0 are held out, 40 trained on"):
        Trainer(RECIPE, titles, tmp_path / "run", None)
    assert not (tmp_path / "run").exists()


def test_weights_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"no .*best/model\.safetensors"):
        weights_in(tmp_path / "best")
