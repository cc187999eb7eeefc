"""One training, from labels or from a teacher as well. All its state is in its folder, so a killed one goes on."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from agnews.labels import LABELS
from modeling import validation
from modeling.bfloat16 import Bfloat16Copy
from modeling.classifiers import TextClassifier
from modeling.data import Data
from modeling.rows import digest
from modeling.sampler import Batch, Sampler

RECIPE = "recipe.json"
"""In a run's folder: its recipe, and which rows it trains on."""
CHOSEN_ROWS = 60
"""Rows of each outlet and label that a checkpoint is chosen on."""

Teacher = Callable[[Sequence[str]], Tensor]
"""Texts to scores [len(texts), 4], float32 on the training's device."""


@dataclass(frozen=True)
class Recipe:
    """Everything that decides the trained weights, apart from the data and the machine's arithmetic."""

    start: str
    steps: int
    batch: int = 64
    learning_rate: float = 5e-5
    head_rate: float = 1.0
    """The head's learning rate, as a multiple of the others'."""
    warmup: float = 0.06
    weight_decay: float = 0.01
    smoothing: float = 0.06
    """How much of a label's target goes to all topics alike."""
    out_of_scope: float = 0.22
    """The share of texts that are about none of the topics; their target is the same score for each topic."""
    out_of_scope_weight: float = 0.5
    """How much such a text counts in the loss (outlier exposure, Hendrycks et al. 2019)."""
    weights: tuple[float, ...] = ()
    """How often each data set is drawn from, relative to the others; all alike where empty."""
    average: float = 0.998
    """Decay of the averaged weights, which are what is validated and kept."""
    max_length: int = 64
    teacher: str = ""
    """sha256 of the teacher's weights."""
    taught: float = 0.0
    """The share of the target that is the teacher's scores; the rest is the label's."""
    seed: int = 20261128


class Trainer:
    """The state of one run."""

    def __init__(
        self,
        recipe: Recipe,
        data: Sequence[Data],
        run: Path,
        classifier: TextClassifier,
        teacher: Teacher | None = None,
    ) -> None:
        self.recipe, self.data, self.run, self.classifier, self.teacher = recipe, data, run, classifier, teacher
        for part in data:
            if not part.training or not part.validation:
                counts = f"{len(part.training):,} rows to train on and {len(part.validation):,} to choose by"
                raise SystemExit(f"error: {part.name} has {counts}; both are needed, at least ten rows of a topic")
        self.choosing = [validation.rows_to_choose_by(part.validation, CHOSEN_ROWS) for part in data]
        run.mkdir(parents=True, exist_ok=True)
        self._claim()
        torch.manual_seed(recipe.seed)
        self.average = {name: value.detach().clone() for name, value in self._learning()}
        self.optimizer = torch.optim.AdamW(self._groups(), fused=True)
        self.step, self.best = 0, float("inf")
        self._resume()
        self.copy = Bfloat16Copy(classifier.model)

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

    def _claim(self) -> None:
        """Write `recipe.json`, or return if it says the same: a run has one recipe and one set of rows."""
        path = self.run / RECIPE
        mine = json.loads(json.dumps({"recipe": asdict(self.recipe), "data": _rows_of(self.data)}))
        if not path.exists():
            path.write_text(json.dumps(mine, indent=2) + "\n")
        if json.loads(path.read_text()) != mine:
            raise SystemExit(f"error: {path} is of another recipe or other rows; choose another --run, or delete it")

    def _resume(self) -> None:
        path = self.run / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, weights_only=True, map_location=self.classifier.model.device)
        self.classifier.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step, self.best = state["average"], state["step"], state["best"]
        torch.set_rng_state(state["rng"].cpu())
        self.log(event="resumed", step=self.step)

    def save(self) -> None:
        """Write `state.pt` so that a kill at any moment leaves either the old or the new one."""
        state = {
            "model": self.classifier.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "best": self.best,
            "rng": torch.get_rng_state(),
        }
        torch.save(state, self.run / "state.tmp")
        (self.run / "state.tmp").replace(self.run / "state.pt")

    def log(self, **entry: object) -> None:
        """Append one JSON line to `log.jsonl`."""
        with (self.run / "log.jsonl").open("a") as lines:
            lines.write(json.dumps({"time": time.strftime("%FT%TZ", time.gmtime()), **entry}) + "\n")

    def targets(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The scores to learn [batch, 4] and how much each text counts [batch], float32 on the training's device."""
        smoothing, count = self.recipe.smoothing, len(LABELS)
        goals = torch.full((len(batch.labels), count), 1 / count)
        inside = torch.tensor([label is not None for label in batch.labels])
        labels = torch.tensor([label for label in batch.labels if label is not None], dtype=torch.int64)
        goals[inside] = functional.one_hot(labels, count).float() * (1 - smoothing) + smoothing / count
        weights = torch.where(inside, 1.0, self.recipe.out_of_scope_weight)
        device = self.classifier.model.device
        goals = goals.to(device)
        if self.teacher:
            goals = goals.lerp(self.teacher(batch.texts), self.recipe.taught)
        return goals, weights.to(device)

    def update(self, batch: Batch) -> float:
        """Take one optimiser step and return the loss."""
        warmup = self.recipe.warmup * self.recipe.steps
        rate = min((self.step + 1) / warmup, (self.recipe.steps - self.step) / (self.recipe.steps - warmup))
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * rate * group["factor"]
        goals, weights = self.targets(batch)
        ids, mask = self.classifier.encode(batch.texts)
        self.copy.model.train()
        logits = self.copy.model(input_ids=ids, attention_mask=mask).logits.float()
        losses = functional.cross_entropy(logits, goals, reduction="none")
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
        """Measure the averaged weights on the rows to choose by and keep them in `best/` if they lead."""
        current = {name: value.detach().clone() for name, value in self._learning()}
        self.classifier.model.load_state_dict(self.average, strict=False)
        self.copy.refresh()
        averaged = self.classifier.with_model(self.copy.model)
        figures = [validation.measure(averaged, rows) for rows in self.choosing]
        loss = validation.loss_of(figures)
        measured = {part.name: figure._asdict() for part, figure in zip(self.data, figures, strict=True)}
        self.log(event="validated", step=self.step, loss=round(loss, 4), **measured)
        tqdm.write(f"step {self.step:,}: {validation.describe(self.data, figures)}; to choose by {loss:.4f}")
        if loss < self.best:
            self.best = loss
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
        for batch in islice(sampler, self.step, self.recipe.steps):
            loss = self.update(batch)
            smoothed = loss if smoothed == 0.0 else 0.98 * smoothed + 0.02 * loss
            bar.update()
            bar.set_postfix(loss=f"{smoothed:.3f}", refresh=False)
            if self.step % 50 == 0:
                self.log(event="step", step=self.step, loss=round(smoothed, 4))
            last = self.step == self.recipe.steps
            if last or self.step % validate_every == 0:
                self.validate()
            if last or self.step % validate_every == 0 or self.step % save_every == 0:
                self.save()
        bar.close()


def _rows_of(data: Sequence[Data]) -> list[dict[str, object]]:
    return [{"rows": len(part.training), "sha256": digest(part.training)} for part in data]


def check_rows(run: Path, data: Sequence[Data]) -> None:
    """Return if `run` was trained on `data`. Raises SystemExit where it was not, or nothing was trained there."""
    path = run / RECIPE
    if not path.exists():
        raise SystemExit(f"error: there is no {path}; train first: python -m modeling.train --run {run}")
    if json.loads(path.read_text())["data"] != _rows_of(data):
        raise SystemExit(f"error: {run} was trained on other rows; name its own data, in the same order")
