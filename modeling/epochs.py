"""What each epoch of a training shows: which texts, with which targets, in which order."""

import math
import random
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

import torch
from tokenizers import Tokenizer

from modeling import data
from modeling.augment import new_texts_of
from modeling.batches import Batch, batches, hide, targets
from modeling.data import Row
from modeling.noise import sometimes_without_source
from modeling.recipe import Recipe
from modeling.soft_labels import SoftLabels, texts_of


class Epochs:
    """All epochs of one training. The same recipe and rows show the same, so that a resumed training goes on."""

    def __init__(
        self,
        recipe: Recipe,
        rows: Sequence[Row],
        tokenizer: Tokenizer,
        soft_labels: SoftLabels | None,
        new_texts: SoftLabels | None,
    ) -> None:
        self._recipe, self._rows, self._tokenizer = recipe, rows, tokenizer
        self._soft_labels, self._new_texts = soft_labels, new_texts
        self.new = new_texts.known(new_texts_of(rows, recipe)) if new_texts else []
        """The new texts that the teachers were asked about."""
        sizes = [len(rows) + len(self._new_of(epoch)) for epoch in range(recipe.epochs)]
        self.ends = list(accumulate(math.ceil(size / recipe.batch) for size in sizes))
        """The step after which each epoch ends."""

    def after(self, step: int) -> Iterator[tuple[int, Batch]]:
        """(epoch, batch) of each step after so many."""
        for epoch, (begin, end) in enumerate(pairwise([0, *self.ends])):
            if step < end:
                for batch in self.batches_of(epoch)[max(step - begin, 0) :]:
                    yield epoch, batch

    def asked(self) -> dict[str, tuple[int, int]]:
        """How many training texts and new ones the teachers were asked about, of how many that the recipe wants."""
        found = {}
        if self._soft_labels:
            texts = texts_of(self._rows)
            found["training texts"] = len(self._soft_labels.known(texts)), len(texts)
        if self._recipe.augmented:
            found["new texts"] = len(self.new), self._recipe.augmented
        return found

    def batches_of(self, epoch: int) -> list[Batch]:
        """The batches of one epoch."""
        recipe = self._recipe
        seed = recipe.seed + 1000 * (recipe.trained + epoch + 1)
        views = data.sample_views(self._rows, recipe.views, seed)
        chance = random.Random(seed + 1)  # not the one that mixes the batches
        texts = [
            sometimes_without_source(row.views[view], recipe.bared, chance)
            for row, view in zip(self._rows, views, strict=True)
        ]
        goals = targets(self._rows, views, recipe.taught, self._soft_labels)
        if new := self._new_of(epoch):
            assert self._new_texts
            texts += new
            goals = torch.cat([goals, self._new_texts.of_texts(new)])
        found = batches(texts, goals, self._tokenizer, recipe.batch, random.Random(seed))
        if recipe.hidden:
            hide(found, recipe.hidden, self._mask_token(), torch.Generator().manual_seed(seed))
        return found

    def _new_of(self, epoch: int) -> list[str]:
        """As many in each epoch but the last of several, which has the training texts alone."""
        having = max(self._recipe.epochs - 1, 1)
        count = len(self.new) // having
        return self.new[epoch * count : (epoch + 1) * count] if epoch < having else []

    def _mask_token(self) -> int:
        found = self._tokenizer.token_to_id("<mask>" if self._recipe.start == "mpnet" else "[MASK]")
        assert found is not None
        return found
