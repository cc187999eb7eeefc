"""Going on with pretraining: what is hidden from the model, and that it learns to guess it."""

from pathlib import Path

import pytest

from tests.requirement import require_module, require_start_weights

require_module("torch", "transformers")

import torch  # noqa: E402

from modeling.data import Row  # noqa: E402
from modeling.headlines import headlines  # noqa: E402
from modeling.pretrain import KEPT, Pretrainer, Pretraining, hidden, texts_of  # noqa: E402
from modeling.recipe import Recipe  # noqa: E402
from modeling.train import Trainer  # noqa: E402

MASK_ID, VOCABULARY = 103, 30_522


def test_a_share_of_the_tokens_is_asked_for_and_no_special_one() -> None:
    torch.manual_seed(0)
    ids = torch.randint(1000, VOCABULARY, (64, 200))
    special = torch.zeros_like(ids, dtype=torch.bool)
    special[:, :20] = True
    shown, targets = hidden(ids, special, VOCABULARY, MASK_ID, 0.15)
    asked = targets != KEPT
    assert asked[:, :20].sum() == 0
    assert asked[:, 20:].float().mean() == pytest.approx(0.15, abs=0.01)
    assert torch.equal(targets[asked], ids[asked])
    assert torch.equal(shown[~asked], ids[~asked])
    assert (shown[asked] == MASK_ID).float().mean() == pytest.approx(0.8, abs=0.03)
    assert (shown[asked] == ids[asked]).float().mean() == pytest.approx(0.1, abs=0.02)


def test_each_row_gives_its_longest_text() -> None:
    assert texts_of([Row(0, {"title": "a", "full": "a bc", "description": "bc"}), Row(1, {"title": "d"})]) == [
        "a bc",
        "d",
    ]


def test_guessing_gets_better_and_a_run_goes_on_where_it_last_saved(tmp_path: Path) -> None:
    require_start_weights()
    recipe = Pretraining(epochs=1, batch=8)
    texts = headlines(160)
    whole = Pretrainer(recipe, texts, tmp_path / "whole")
    losses = [whole.update(batch) for batch in whole.remaining()]
    assert sum(losses[-10:]) < sum(losses[:10])
    begun = Pretrainer(recipe, texts, tmp_path / "begun")
    first = [begun.update(batch) for batch, _ in zip(begun.remaining(), range(7), strict=False)]
    begun.save()
    resumed = Pretrainer(recipe, texts, tmp_path / "begun")
    assert resumed.step == len(first) == 7
    assert [resumed.update(batch) for batch in resumed.remaining()] == pytest.approx(losses[7:], rel=0.05)


def test_training_begins_with_what_pretraining_wrote(tmp_path: Path) -> None:
    require_start_weights()
    pretrainer = Pretrainer(Pretraining(epochs=1, batch=8), headlines(16), tmp_path / "pretrained")
    pretrainer.train(save_every=10)
    rows = [Row(number % 4, {"title": text}) for number, text in enumerate(headlines(16))]
    begun = Trainer(Recipe(held_out=0), rows, tmp_path / "run", None, tmp_path / "pretrained" / "best")
    found = begun.model.state_dict()
    for name, value in pretrainer.model.classifier.state_dict().items():
        assert torch.equal(found[name], value)


def test_a_run_of_another_recipe_is_not_gone_on_with(tmp_path: Path) -> None:
    require_start_weights()
    Pretrainer(Pretraining(epochs=1), ["a headline"], tmp_path)
    with pytest.raises(SystemExit, match="another recipe or other texts"):
        Pretrainer(Pretraining(epochs=2), ["a headline"], tmp_path)
