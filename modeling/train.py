"""Fine-tunes a published model on AG News: titles, full texts and descriptions mixed. Resumes after a kill.

python -m modeling.train FOLDER_OF_CSV|OWNER/NAME --run runs/default
python -m modeling.train FOLDER_OF_CSV|OWNER/NAME --run runs/teacher --recipe teacher
"""

import argparse
import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import PreTrainedModel

from modeling import data, fold, teacher
from modeling.batches import Batch, batches, targets
from modeling.data import Row, View
from modeling.epochs import Epochs
from modeling.forward import forward
from modeling.halves import Halved
from modeling.loss import loss_of
from modeling.recipe import RECIPE, RECIPES, Recipe, weights_in
from modeling.soft_labels import NEW_TEXTS, SOFT_LABELS, SoftLabels


def _model(recipe: Recipe, source: Path, start: Path | None) -> PreTrainedModel:
    model: PreTrainedModel
    if recipe.start == "mpnet":
        model = teacher.classifier(source, recipe.frozen_layers, recipe.dropout, recipe.shared_dropout)
    else:
        model = fold.folded_classifier(source)
    if start is not None:
        model.load_state_dict(load_file(weights_in(start)))
    return model


@torch.inference_mode()
def accuracy(model: PreTrainedModel, rows: Sequence[Row], view: View, tokenizer: Tokenizer) -> float:
    """Share of `rows` whose `view` gets its own label."""
    model.eval()
    right = 0
    goals = targets(rows, [view] * len(rows), 0.0, None)
    for ids, mask, goal in batches([row.views[view] for row in rows], goals, tokenizer, 64):
        right += int((forward(model, ids, mask).argmax(1) == goal.argmax(1)).sum())
    return right / len(rows)


class Trainer:
    """The state of one run, all of it in `run/state.pt`, so a killed run goes on where it last saved."""

    def __init__(
        self,
        recipe: Recipe,
        rows: Sequence[Row],
        run: Path,
        soft_labels: SoftLabels | None,
        start: Path | None = None,
        new_texts: SoftLabels | None = None,
    ) -> None:
        self.recipe, self.run = recipe, run
        self.training, self.validation = data.split(rows, recipe.held_out, recipe.split_seed)
        if not self.training or not self.validation:
            kept = f"of {len(rows):,} rows {len(self.validation):,} are held out, {len(self.training):,} trained on"
            raise SystemExit(f"error: {kept}; more than {recipe.held_out:,} with full texts are needed, of all topics")
        run.mkdir(parents=True, exist_ok=True)
        self._claim(soft_labels, new_texts)
        torch.manual_seed(recipe.seed)
        self.source = fold.minilm_folder() if recipe.start == "minilm" else teacher.unpack(run / "start")
        fold.save_tokenizer(self.source, run)
        self.tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
        self.tokenizer.enable_truncation(recipe.max_length)
        self.model = _model(recipe, self.source, start)
        self.average = {name: value.detach().clone() for name, value in self._learning()}
        self.optimizer = torch.optim.AdamW(self._groups(), fused=True)
        self.epochs = Epochs(recipe, self.training, self.tokenizer, soft_labels, new_texts)
        self.steps = self.epochs.ends[-1]
        self.halved: Halved | None = None
        self.step = 0
        self.best = 0.0
        self._resume()

    def _learning(self) -> list[tuple[str, torch.nn.Parameter]]:
        return [(name, value) for name, value in self.model.named_parameters() if value.requires_grad]

    def _groups(self) -> list[dict[str, Any]]:
        """Parameters by learning rate and decay: the head's rate is its own, biases and norms do not decay."""
        groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
        for name, value in self._learning():
            factor = self.recipe.head_rate if name.startswith("classifier") else 1.0
            decay = 0.0 if name.endswith("bias") or "norm" in name.lower() else self.recipe.weight_decay
            groups.setdefault((factor, decay), []).append(value)
        return [
            {"params": values, "factor": factor, "weight_decay": decay} for (factor, decay), values in groups.items()
        ]

    def _claim(self, soft_labels: SoftLabels | None, new_texts: SoftLabels | None) -> None:
        """Writes `recipe.json`, or returns if it says the same: a run has one recipe and one set of rows."""
        path = self.run / RECIPE
        mine = {"recipe": asdict(self.recipe), "rows": len(self.training), "sha256": data.digest(self.training)}
        if soft_labels:
            mine["soft_labels"] = soft_labels.sha256
        if new_texts:
            mine["new_texts"] = new_texts.sha256
        if not path.exists():
            path.write_text(json.dumps(mine, indent=2) + "\n")
        if json.loads(path.read_text()) != mine:
            raise SystemExit(f"{path} is of another recipe or other rows; choose another --run or delete {self.run}")

    def _resume(self) -> None:
        path = self.run / "state.pt"
        if not path.exists():
            return
        state = torch.load(path, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step, self.best = state["average"], state["step"], state["best"]
        torch.set_rng_state(state["rng"])
        self.log(event="resumed", step=self.step)

    def save(self) -> None:
        """Writes `state.pt` so that a kill at any moment leaves either the old or the new one."""
        state = {
            "model": self.model.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "best": self.best,
            "rng": torch.get_rng_state(),
        }
        torch.save(state, self.run / "state.tmp")
        (self.run / "state.tmp").replace(self.run / "state.pt")

    def log(self, **entry: object) -> None:
        """Appends one JSON line to `run/log.jsonl`."""
        with (self.run / "log.jsonl").open("a") as lines:
            lines.write(json.dumps({"time": time.strftime("%FT%TZ", time.gmtime()), **entry}) + "\n")

    def update(self, batch: Batch) -> float:
        """One optimiser step; returns the loss."""
        ids, mask, goals = batch
        self.model.train()
        warmup = self.recipe.warmup * self.steps
        rate = min((self.step + 1) / warmup, (self.steps - self.step) / (self.steps - warmup))
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * rate * group["factor"]
        if self.recipe.agreement:
            ids, mask, goals = (part.repeat(2, 1) for part in batch)
        if self.recipe.bfloat16:
            self.halved = self.halved or Halved(self.model)
            loss = loss_of(self.halved.logits(ids, mask), goals, self.recipe)
            self.halved.update(loss, self._descend)
        else:
            loss = loss_of(forward(self.model, ids, mask), goals, self.recipe)
            self.optimizer.zero_grad()
            loss.backward()
            self._descend()
        self.step += 1
        if self.step % self.recipe.average_every == 0:
            decay = min(self.recipe.ema_decay, (1 + self.step) / (10 + self.step)) ** self.recipe.average_every
            for name, value in self._learning():
                self.average[name].lerp_(value.detach(), 1 - decay)
        return float(loss.detach())

    def _descend(self) -> None:
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()

    def validate(self, epoch: int) -> None:
        """Measures the averaged weights on the held-out rows and keeps them in `run/best` if they lead."""
        current = {name: value.detach().clone() for name, value in self._learning()}
        self.model.load_state_dict(self.average, strict=False)
        views = data.views_of(self.validation)
        found: dict[str, float] = {v: accuracy(self.model, self.validation, v, self.tokenizer) for v in views}
        self.log(event="validated", epoch=epoch + 1, step=self.step, **found)
        shares = ", ".join(f"{view} {share:.2%}" for view, share in found.items())
        tqdm.write(f"epoch {epoch + 1}: validation {shares}")
        if sum(found.values()) >= self.best:  # the longer training wins a tie
            self.best = sum(found.values())
            self.model.save_pretrained(self.run / "best")
            fold.save_tokenizer(self.source, self.run / "best")
        self.model.load_state_dict(current, strict=False)

    def train(self, save_every: int) -> None:
        """Runs to the end, validating after each epoch and saving every `save_every` steps."""
        bar = tqdm(total=self.steps, initial=self.step, unit="step", dynamic_ncols=True, mininterval=2)
        smoothed = 0.0
        for epoch, batch in self.epochs.after(self.step):
            loss = self.update(batch)
            smoothed = loss if smoothed == 0.0 else 0.98 * smoothed + 0.02 * loss
            bar.update()
            bar.set_postfix(epoch=epoch + 1, loss=f"{smoothed:.3f}", refresh=False)
            if self.step % 100 == 0:
                self.log(event="step", step=self.step, loss=round(smoothed, 4))
            if self.step in self.epochs.ends:
                self.validate(epoch)
            if self.step % save_every == 0 or self.step == self.steps:
                self.save()
        bar.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told = "folder with AG News train*.csv (and test.csv, to keep it unseen), or a hub data set: fancyzhx/ag_news"
    parser.add_argument("data", help=told)
    parser.add_argument("--run", type=Path, default=Path("runs/default"))
    parser.add_argument("--recipe", choices=tuple(RECIPES), default="student")
    parser.add_argument("--epochs", type=int, help="default: the recipe's")
    parser.add_argument("--seed", type=int, help="default: the recipe's")
    told = "the teachers' word on the training texts, for a recipe that is taught; default: the recipe's own"
    parser.add_argument("--soft-labels", type=Path, metavar="FILE", help=told)
    told = "the teachers' word on new texts, for a recipe that has some; default: the recipe's own"
    parser.add_argument("--new-texts", type=Path, metavar="FILE", help=told)
    parser.add_argument("--start", type=Path, metavar="FOLDER", help="weights to begin with: a run's best/")
    parser.add_argument("--save-every", type=int, default=500, metavar="STEPS")
    return parser


def main() -> None:
    """Command line: see the module's first lines."""
    arguments = _parser().parse_args()
    rows, notes = data.read_or_exit(arguments.data)
    print(*notes, sep="\n")
    given = {name: value for name in ("epochs", "seed") if (value := getattr(arguments, name)) is not None}
    recipe = replace(RECIPES[arguments.recipe], **given)
    if recipe.epochs < 1:
        raise SystemExit("error: --epochs must be 1 or more")
    if recipe.trained and not arguments.start:
        raise SystemExit(f"--recipe {arguments.recipe} goes on with weights trained before; give them with --start")
    if arguments.start:
        recipe = replace(recipe, pretrained=hashlib.sha256(weights_in(arguments.start).read_bytes()).hexdigest())
    soft_labels = SoftLabels(arguments.soft_labels or SOFT_LABELS[arguments.recipe]) if recipe.taught else None
    new_texts = SoftLabels(arguments.new_texts or NEW_TEXTS[arguments.recipe]) if recipe.augmented else None
    trainer = Trainer(recipe, rows, arguments.run, soft_labels, arguments.start, new_texts)
    print(f"{len(trainer.training):,} rows to train on, {len(trainer.validation):,} held out; {trainer.steps:,} steps")
    asked = trainer.epochs.asked()
    for what, (known, among) in asked.items():
        print(f"{'' if known else 'warning: '}teachers were asked about {known:,} of {among:,} {what}")
    trainer.log(event="start", data=notes, recipe=asdict(recipe), asked=asked, threads=torch.get_num_threads())
    trainer.train(arguments.save_every)


if __name__ == "__main__":
    main()
