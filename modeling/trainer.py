"""One training, from labels or from a teacher as well. Its state is in its folder: a killed one can continue."""

import json
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from modeling import validation
from modeling.classifiers import TextClassifier
from modeling.data import Data
from modeling.fast_copy import FastCopy
from modeling.recipe import Recipe, claim
from modeling.sampler import Batch, Sampler

ROWS_TO_CHOOSE_BY = 60
"""Of each outlet and label, at most."""

Teacher = Callable[[Sequence[str]], Tensor]
"""Return scores [len(texts), labels] of texts, float32 on the training's device."""


class Trainer:
    """The state of one run."""

    def __init__(
        self,
        recipe: Recipe,
        data: Sequence[Data],
        run: Path,
        classifier: TextClassifier,
        teachers: Sequence[Teacher] = (),
    ) -> None:
        """`teachers`: none, or one for each data set."""
        self.recipe, self.data, self.run, self.classifier, self.teachers = recipe, data, run, classifier, teachers
        self.choosing = [validation.rows_to_choose_by(part.validation, ROWS_TO_CHOOSE_BY) for part in data]
        run.mkdir(parents=True, exist_ok=True)
        claim(run, recipe, data)
        self.average = {name: value.detach().clone() for name, value in self._learning()}
        self.optimizer = torch.optim.AdamW(self._groups(), fused=True)
        self.step, self.best = 0, float("inf")
        self._resume()
        self.copy = FastCopy(classifier.model)

    def _learning(self) -> list[tuple[str, torch.nn.Parameter]]:
        return [(name, value) for name, value in self.classifier.model.named_parameters() if value.requires_grad]

    def _groups(self) -> list[dict[str, Any]]:
        """Parameters by learning rate and decay: the head's rate is its own, biases and norms do not decay."""
        groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
        for name, value in self._learning():
            factor = self.recipe.head_rate if name.startswith(("classifier", "pre_classifier")) else 1.0
            decay = 0.0 if name.endswith("bias") or "norm" in name.lower() else self.recipe.weight_decay
            groups.setdefault((factor, decay), []).append(value)
        return [
            {"params": values, "factor": factor, "weight_decay": decay} for (factor, decay), values in groups.items()
        ]

    def _resume(self) -> None:
        path = self.run / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, weights_only=True, map_location=self.classifier.model.device)
        self.classifier.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step, self.best = state["average"], state["step"], state["best"]
        self.log(event="resumed", step=self.step)

    def save(self) -> None:
        """Write `state.pt` so that a kill at any moment leaves either the old or the new one."""
        state = {
            "model": self.classifier.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "best": self.best,
        }
        torch.save(state, self.run / "state.tmp")
        (self.run / "state.tmp").replace(self.run / "state.pt")

    def log(self, **entry: object) -> None:
        """Append one JSON line to `log.jsonl`."""
        with (self.run / "log.jsonl").open("a") as lines:
            lines.write(json.dumps({"time": time.strftime("%FT%TZ", time.gmtime()), **entry}) + "\n")

    def targets(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return target scores [batch, labels] and the texts' weights in the loss [batch], float32."""
        smoothing, count = self.recipe.smoothing, len(self.data[0].labels)
        targets = torch.full((len(batch.labels), count), 1 / count)
        inside = torch.tensor([label is not None for label in batch.labels])
        labels = torch.tensor([label for label in batch.labels if label is not None], dtype=torch.int64)
        targets[inside] = functional.one_hot(labels, count).float() * (1 - smoothing) + smoothing / count
        weights = torch.where(inside, 1.0, self.recipe.out_of_scope_weight)
        device = self.classifier.model.device
        targets = targets.to(device)
        if self.teachers:
            targets = targets.lerp(self.soft_labels(batch), self.recipe.taught)
        return targets, weights.to(device)

    def soft_labels(self, batch: Batch) -> Tensor:
        """Return the scores [batch, labels] of each original text by its data set's teacher, on the model's device."""
        scores = torch.empty((len(batch.labels), len(self.data[0].labels)), device=self.classifier.model.device)
        for teacher in dict.fromkeys(self.teachers):
            rows = [row for row, source in enumerate(batch.sources) if self.teachers[source] is teacher]
            if rows:
                scores[rows] = teacher([batch.originals[row] for row in rows])
        return scores

    def update(self, batch: Batch) -> float:
        """Take one optimiser step and return the loss.

        Dropout is seeded by the step, so that a training that was killed computes the same as one that was not.
        """
        torch.manual_seed(self.recipe.seed + self.step)
        warmup = self.recipe.warmup * self.recipe.steps
        falling = (self.recipe.steps - self.step) / (self.recipe.steps - warmup)
        rate = min(1.0, (self.step + 1) / warmup, falling)
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * rate * group["factor"]
        targets, weights = self.targets(batch)
        ids, mask = self.classifier.encode(batch.texts)
        self.copy.model.train()
        logits = self.copy.model(input_ids=ids, attention_mask=mask).logits.float()
        losses = functional.cross_entropy(logits, targets, reduction="none")
        loss = (losses * weights).sum() / weights.sum()
        self.copy.update(loss, self._descend)
        self.step += 1
        decay = min(self.recipe.average, (1 + self.step) / (10 + self.step))
        for name, value in self._learning():
            self.average[name].lerp_(value.detach(), 1 - decay)
        return float(loss.detach())

    def _descend(self) -> None:
        torch.nn.utils.clip_grad_norm_(self.classifier.model.parameters(), 1.0)
        self.optimizer.step()

    def validate(self) -> None:
        """Measure the averaged weights on the rows to choose by, and save them in `best/` if they are the best yet."""
        current = {name: value.detach().clone() for name, value in self._learning()}
        self.classifier.model.load_state_dict(self.average, strict=False)
        self.copy.refresh()
        averaged = self.classifier._replace(model=self.copy.model)
        figures = [validation.measure(averaged, rows) for rows in self.choosing]
        loss = validation.loss_of(figures)
        by_name = {part.name: figure._asdict() for part, figure in zip(self.data, figures, strict=True)}
        self.log(event="validated", step=self.step, loss=round(loss, 4), figures=by_name)
        tqdm.write(f"step {self.step:,}: {validation.describe(self.data, figures)}; to choose by {loss:.4f}")
        if loss < self.best:
            self.best = loss
            (self.run / "best" / "metrics.json").unlink(missing_ok=True)  # it holds an older checkpoint's temperature
            self.classifier.save(self.run / "best")
        self.classifier.model.load_state_dict(current, strict=False)
        self.copy.refresh()

    def train(self, validate_every: int, save_every: int) -> None:
        """Run to the end, validating and saving every so many steps, and at the end."""
        sampler = Sampler(
            self.data, self.recipe.batch, self.recipe.out_of_scope, self.recipe.seed, self.recipe.weights or None
        )
        bar = tqdm(total=self.recipe.steps, initial=self.step, unit="step", dynamic_ncols=True, mininterval=2)
        smoothed = 0.0
        with bar:
            for batch in islice(sampler, self.step, self.recipe.steps):
                loss = self.update(batch)
                smoothed = loss if smoothed == 0.0 else 0.98 * smoothed + 0.02 * loss
                bar.update()
                bar.set_postfix(loss=f"{smoothed:.3f}", refresh=False)
                if self.step % 50 == 0:
                    self.log(event="step", step=self.step, loss=round(smoothed, 4))
                validating = self.step % validate_every == 0 or self.step == self.recipe.steps
                if validating:
                    self.validate()
                if validating or self.step % save_every == 0:
                    self.save()
