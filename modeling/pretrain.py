"""Goes on with the published weights' pretraining on the training texts, without their labels (Gururangan et al. 2020).

    python -m modeling.pretrain FOLDER_OF_CSV|OWNER/NAME --run runs/pretrained

Masked words are guessed by a head of its own, which is thrown away. `run/best` is
for `modeling.train --start`. Resumes after a kill.
"""

import argparse
import hashlib
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional
from tqdm import tqdm

from modeling import data, fold
from modeling.data import Row
from modeling.forward import padded
from modeling.noise import sometimes_without_source
from modeling.recipe import RECIPE, Recipe

KEPT = -100
"""The target of a token that is not to be guessed: cross-entropy leaves it out."""


@dataclass(frozen=True)
class Pretraining:
    """Everything that decides the weights, apart from the data and the machine's arithmetic."""

    seed: int = 20261123
    epochs: int = 3
    batch: int = 32
    learning_rate: float = 1.5e-4
    warmup: float = 0.06
    weight_decay: float = 0.01
    masked: float = 0.15
    """The share of tokens to guess: 80 % of these hidden, 10 % replaced at random, 10 % left (Devlin et al. 2019)."""
    bared: float = 0.3
    """The share of texts shown without the names of agencies and outlets."""
    max_length: int = 112


class Guesser(nn.Module):
    """The encoder, and a head that guesses hidden tokens from their context with the encoder's own embeddings."""

    def __init__(self, source: Path) -> None:
        super().__init__()
        self.classifier = fold.folded_classifier(source)
        width = self.classifier.config.dim
        self.head = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width, eps=1e-12))
        self.bias = nn.Parameter(torch.zeros(self.classifier.config.vocab_size))

    def forward(self, ids: Tensor, mask: Tensor, targets: Tensor) -> Tensor:
        """The mean loss, in nats, over the tokens to guess; all [batch, length], int64."""
        encoder = self.classifier.distilbert
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = encoder(input_ids=ids, attention_mask=mask).last_hidden_state
            asked = targets != KEPT
            words = encoder.embeddings.word_embeddings.weight
            logits = functional.linear(self.head(hidden[asked]), words, self.bias)
        return functional.cross_entropy(logits.float(), targets[asked])


def texts_of(rows: Sequence[Row]) -> list[str]:
    """The longest text of each row: what its other views say, it says, too."""
    return [max(row.views.values(), key=len) for row in rows]


def hidden(ids: Tensor, special: Tensor, vocabulary: int, mask_id: int, share: float) -> tuple[Tensor, Tensor]:
    """(ids with some tokens hidden, targets) [batch, length] of `ids`; `special` tokens, True, are never asked."""
    asked = (torch.rand(ids.shape) < share) & ~special
    how = torch.rand(ids.shape)
    shown = torch.where(asked & (how < 0.8), mask_id, ids)
    shown = torch.where(asked & (how >= 0.9), torch.randint(vocabulary, ids.shape), shown)
    return shown, torch.where(asked, ids, KEPT)


class Pretrainer:
    """The state of one run, all of it in `run/state.pt`."""

    def __init__(self, recipe: Pretraining, texts: Sequence[str], run: Path) -> None:
        self.recipe, self.texts, self.run = recipe, texts, run
        run.mkdir(parents=True, exist_ok=True)
        self._claim()
        torch.manual_seed(recipe.seed)
        self.source = fold.minilm_folder()
        fold.save_tokenizer(self.source, run)
        self.tokenizer = Tokenizer.from_file(str(run / "tokenizer.json"))
        self.tokenizer.enable_truncation(recipe.max_length)
        self.special = torch.tensor([self._id(token) for token in ("[PAD]", "[CLS]", "[SEP]")])
        self.model = Guesser(self.source)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), weight_decay=recipe.weight_decay, betas=(0.9, 0.98), fused=True
        )
        self.per_epoch = math.ceil(len(texts) / recipe.batch)
        self.steps = self.per_epoch * recipe.epochs
        self.step = 0
        if (run / "state.pt").exists():
            state = torch.load(run / "state.pt", weights_only=True)
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step = state["step"]

    def _claim(self) -> None:
        """Writes `recipe.json`, or returns if it says the same: a run has one recipe and one set of texts."""
        path = self.run / RECIPE
        digest = hashlib.sha256("\n".join(self.texts).encode()).hexdigest()
        mine = {"pretraining": asdict(self.recipe), "texts": len(self.texts), "sha256": digest}
        if not path.exists():
            path.write_text(json.dumps(mine, indent=2) + "\n")
        if json.loads(path.read_text()) != mine:
            raise SystemExit(f"{path} is of another recipe or other texts; choose another --run or delete {self.run}")

    def _id(self, token: str) -> int:
        found = self.tokenizer.token_to_id(token)
        assert found is not None, token
        return found

    def batches(self, epoch: int) -> list[list[list[int]]]:
        """The epoch's batches of token ids, of similar length, in an order that its number decides."""
        chance = random.Random(self.recipe.seed + epoch)
        shown = [sometimes_without_source(text, self.recipe.bared, chance) for text in self.texts]
        ids = [encoding.ids for encoding in self.tokenizer.encode_batch(shown)]
        ids.sort(key=lambda row: len(row) + 4 * chance.random())
        groups = [ids[start : start + self.recipe.batch] for start in range(0, len(ids), self.recipe.batch)]
        chance.shuffle(groups)
        return groups

    def remaining(self) -> Iterator[list[list[int]]]:
        """Batches from the current step to the end."""
        for epoch in range(self.step // self.per_epoch, self.recipe.epochs):
            yield from self.batches(epoch)[self.step - epoch * self.per_epoch :]

    def update(self, batch: list[list[int]]) -> float:
        """One optimiser step; returns the loss. What it hides depends on the step alone."""
        torch.manual_seed(self.recipe.seed + self.step)
        ids, mask = padded(batch)
        shown, targets = hidden(
            ids, torch.isin(ids, self.special), self.tokenizer.get_vocab_size(), self._id("[MASK]"), self.recipe.masked
        )
        warmup = self.recipe.warmup * self.steps
        rate = min((self.step + 1) / warmup, (self.steps - self.step) / (self.steps - warmup))
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.learning_rate * rate
        self.model.train()
        loss: Tensor = self.model(shown, mask, targets)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        return float(loss.detach())

    def save(self) -> None:
        """Writes `state.pt` so that a kill at any moment leaves either the old or the new one."""
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step}
        torch.save(state, self.run / "state.tmp")
        (self.run / "state.tmp").replace(self.run / "state.pt")

    def train(self, save_every: int) -> None:
        """Runs to the end, saving every `save_every` steps, and writes `best/`."""
        bar = tqdm(total=self.steps, initial=self.step, unit="step", dynamic_ncols=True, mininterval=5)
        losses: list[float] = []
        for batch in self.remaining():
            losses.append(self.update(batch))
            bar.update()
            if self.step % 100 == 0 or self.step == self.steps:
                entry = {
                    "time": time.strftime("%FT%TZ", time.gmtime()),
                    "step": self.step,
                    "loss": sum(losses) / len(losses),
                }
                with (self.run / "log.jsonl").open("a") as lines:
                    lines.write(json.dumps(entry) + "\n")
                losses.clear()
            if self.step % save_every == 0 or self.step == self.steps:
                self.save()
        bar.close()
        self.model.classifier.save_pretrained(self.run / "best")
        fold.save_tokenizer(self.source, self.run / "best")


def main() -> None:
    """Command line: see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--run", type=Path, default=Path("runs/pretrained"))
    parser.add_argument("--save-every", type=int, default=500, metavar="STEPS")
    arguments = parser.parse_args()
    rows, notes = data.read_or_exit(arguments.data)
    print(*notes, sep="\n")
    training, _ = data.split(rows, Recipe().held_out, Recipe().seed)
    pretrainer = Pretrainer(Pretraining(), texts_of(training), arguments.run)
    print(f"{len(pretrainer.texts):,} texts, {pretrainer.steps:,} steps; {json.dumps(asdict(pretrainer.recipe))}")
    pretrainer.train(arguments.save_every)


if __name__ == "__main__":
    main()
