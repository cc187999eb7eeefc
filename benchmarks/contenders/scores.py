"""Texts to token ids and logits to labels, for the contenders that have no pipeline of their own."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer


def padded(tokenizer: Tokenizer, texts: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return token ids and attention mask, int64 [len(texts), longest]."""
    encodings = tokenizer.encode_batch_fast(list(texts))
    ids = np.array([encoding.ids for encoding in encodings], dtype=np.int64)
    mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
    return ids, mask


def tokenizer_of(folder: Path) -> Tokenizer:
    """Return the checkpoint's tokenizer, which pads each batch to its longest text."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    tokenizer.enable_truncation(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["max_length"])
    return tokenizer


def labels_of(folder: Path) -> list[str]:
    """Return the checkpoint's labels in the logits' order."""
    names = json.loads((folder / "config.json").read_text(encoding="utf-8"))["id2label"]
    return [names[str(index)] for index in range(len(names))]


def predictions(logits: NDArray[np.float32], labels: Sequence[str]) -> list[dict[str, Any]]:
    """Return {"label", "score"} of each row of float32 [batch, labels]."""
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    scores = exponents / exponents.sum(axis=1, keepdims=True)
    return [
        {"label": labels[best], "score": float(row[best])} for row, best in zip(scores, scores.argmax(1), strict=True)
    ]
