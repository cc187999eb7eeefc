"""Fine-tunes the folded MiniLM on AG News: titles, full texts and descriptions mixed. Resumes after a kill.

python -m modeling.train FOLDER_OF_CSV|OWNER/NAME --run runs/default
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm
from transformers import DistilBertForSequenceClassification

from modeling import data, fold
from modeling.data import Row, View
from modeling.recipe import RECIPE, Recipe

Batch = tuple[Tensor, Tensor, Tensor]
"""Token ids [batch, length], attention mask [batch, length], labels [batch]; int64."""


def batches(
    texts: Sequence[str], labels: Sequence[int], tokenizer: Tokenizer, size: int, shuffle: random.Random | None = None
) -> list[Batch]:
    """Batches of texts of similar length, so little is padding; with `shuffle`, in random order and mixed anew."""
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    jitter = shuffle.random if shuffle else lambda: 0.0
    order = sorted(range(len(texts)), key=lambda i: len(encoded[i]) + 4 * jitter())
    groups = [order[start : start + size] for start in range(0, len(order), size)]
    if shuffle:
        shuffle.shuffle(groups)
    return [_padded([encoded[i] for i in group], [labels[i] for i in group]) for group in groups]


def _padded(ids: list[list[int]], labels: list[int]) -> Batch:
    length = max(map(len, ids))
    padded = torch.tensor([row + [0] * (length - len(row)) for row in ids])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in ids])
    return padded, mask, torch.tensor(labels)


def forward(model: DistilBertForSequenceClassification, ids: Tensor, mask: Tensor) -> Tensor:
    """Logits [batch, 4] in float32, computed under bfloat16 autocast."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits: Tensor = model(input_ids=ids, attention_mask=mask).logits
    return logits.float()


@torch.inference_mode()
def accuracy(
    model: DistilBertForSequenceClassification, rows: Sequence[Row], view: View, tokenizer: Tokenizer
) -> float:
    """Share of `rows` whose `view` gets its own label."""
    model.eval()
    right = 0
    for ids, mask, labels in batches([row.views[view] for row in rows], [row.label for row in rows], tokenizer, 64):
        right += int((forward(model, ids, mask).argmax(1) == labels).sum())
    return right / len(rows)


class Trainer:
    """The state of one run, all of it in `run/state.pt`, so a killed run goes on where it last saved."""

    def __init__(self, recipe: Recipe, rows: Sequence[Row], run: Path) -> None:
        self.recipe, self.run = recipe, run
        self.training, self.validation = data.split(rows, recipe.held_out, recipe.seed)
        run.mkdir(parents=True, exist_ok=True)
        self._claim()
        torch.manual_seed(recipe.seed)
        source = fold.minilm_folder()
        fold.save_tokenizer(source, run)
        self.tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
        self.tokenizer.enable_truncation(recipe.max_length)
        self.model = fold.folded_classifier(source)
        self.average = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.optimizer = torch.optim.AdamW(self._groups(), lr=recipe.learning_rate)
        self.steps = recipe.epochs * math.ceil(len(self.training) / recipe.batch)
        self.step = 0
        self.best = 0.0
        self._resume()

    def _groups(self) -> list[dict[str, Any]]:
        plain = [p for name, p in self.model.named_parameters() if name.endswith("bias") or "norm" in name.lower()]
        kept = {id(p) for p in plain}
        decayed = [p for p in self.model.parameters() if id(p) not in kept]
        return [{"params": decayed, "weight_decay": self.recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}]

    def _claim(self) -> None:
        """Writes `recipe.json`, or returns if it says the same: a run has one recipe and one set of rows."""
        path = self.run / RECIPE
        mine = {"recipe": asdict(self.recipe), "rows": len(self.training), "sha256": data.digest(self.training)}
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

    def epoch_batches(self, epoch: int) -> list[Batch]:
        """The batches of one epoch: the same for the same seed, so that a resumed run sees the same ones."""
        seed = self.recipe.seed + 1000 * (epoch + 1)
        views = data.sample_views(self.training, self.recipe.views, seed)
        texts = [row.views[view] for row, view in zip(self.training, views, strict=True)]
        labels = [row.label for row in self.training]
        return batches(texts, labels, self.tokenizer, self.recipe.batch, random.Random(seed))

    def remaining(self) -> Iterator[tuple[int, Batch]]:
        """(epoch, batch) from the current step to the end."""
        per_epoch = self.steps // self.recipe.epochs
        for epoch in range(self.step // per_epoch, self.recipe.epochs):
            for batch in self.epoch_batches(epoch)[self.step - epoch * per_epoch :]:
                yield epoch, batch

    def update(self, batch: Batch) -> float:
        """One optimiser step; returns the loss."""
        ids, mask, labels = batch
        self.model.train()
        warmup = self.recipe.warmup * self.steps
        rate = min((self.step + 1) / warmup, (self.steps - self.step) / (self.steps - warmup))
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * rate
        smoothing = self.recipe.label_smoothing
        loss = functional.cross_entropy(forward(self.model, ids, mask), labels, label_smoothing=smoothing)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        decay = min(self.recipe.ema_decay, (1 + self.step) / (10 + self.step))
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, 1 - decay)
        return float(loss.detach())

    def validate(self, epoch: int) -> None:
        """Measures the averaged weights on the held-out rows and keeps them in `run/best` if they lead."""
        current = {name: value.clone() for name, value in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        views = data.views_of(self.validation)
        found: dict[str, float] = {v: accuracy(self.model, self.validation, v, self.tokenizer) for v in views}
        self.log(event="validated", epoch=epoch + 1, step=self.step, **found)
        tqdm.write(
            f"epoch {epoch + 1}: validation " + ", ".join(f"{view} {share:.2%}" for view, share in found.items())
        )
        if sum(found.values()) >= self.best:  # the longer training wins a tie
            self.best = sum(found.values())
            self.model.save_pretrained(self.run / "best")
            fold.save_tokenizer(fold.minilm_folder(), self.run / "best")
        self.model.load_state_dict(current)

    def train(self, save_every: int) -> None:
        """Runs to the end, validating after each epoch and saving every `save_every` steps."""
        bar = tqdm(total=self.steps, initial=self.step, unit="step", dynamic_ncols=True, mininterval=2)
        smoothed = 0.0
        for epoch, batch in self.remaining():
            loss = self.update(batch)
            smoothed = loss if smoothed == 0.0 else 0.98 * smoothed + 0.02 * loss
            bar.update()
            bar.set_postfix(epoch=epoch + 1, loss=f"{smoothed:.3f}", refresh=False)
            if self.step % 100 == 0:
                self.log(event="step", step=self.step, loss=round(smoothed, 4))
            if self.step % (self.steps // self.recipe.epochs) == 0:
                self.validate(epoch)
            if self.step % save_every == 0 or self.step == self.steps:
                self.save()
        bar.close()


def main() -> None:
    """Command line: see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    told = "folder with AG News train*.csv (and test.csv, to keep it unseen), or a hub data set: fancyzhx/ag_news"
    parser.add_argument("data", help=told)
    parser.add_argument("--run", type=Path, default=Path("runs/default"))
    parser.add_argument("--epochs", type=int, default=Recipe.epochs)
    parser.add_argument("--seed", type=int, default=Recipe.seed)
    parser.add_argument("--save-every", type=int, default=500, metavar="STEPS")
    arguments = parser.parse_args()
    rows, notes = data.read_or_exit(arguments.data)
    print(*notes, sep="\n")
    recipe = Recipe(epochs=arguments.epochs, seed=arguments.seed)
    trainer = Trainer(recipe, rows, arguments.run)
    print(f"{len(trainer.training):,} rows to train on, {len(trainer.validation):,} held out; {trainer.steps:,} steps")
    trainer.log(event="start", data=notes, recipe=asdict(recipe), threads=torch.get_num_threads())
    trainer.train(arguments.save_every)


if __name__ == "__main__":
    main()
