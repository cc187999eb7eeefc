"""Texts to token ids, with `tokenizers` alone (importing transformers for it would cost seconds)."""

from collections.abc import Sequence
from typing import NamedTuple

from agnews.checkpoint import REMEDY, Checkpoint
from agnews.errors import ModelError


class Encoded(NamedTuple):
    """One text's token ids, [CLS] and [SEP] included, and whether its end was cut off to fit."""

    ids: list[int]
    truncated: bool


class Encoder:
    """The checkpoint's tokenizer, cutting at its maximum length and never padding."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        from tokenizers import Tokenizer  # 30 ms: not paid by `agnews --help`

        path = checkpoint.path("tokenizer.json")
        try:
            self._tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            raise ModelError(f"cannot read {path} ({error}); {REMEDY}") from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(checkpoint.max_length)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """One Encoded per text, in order. Texts must be valid Unicode (no lone surrogates)."""
        found = self._tokenizer.encode_batch_fast(list(texts))
        return [Encoded(encoding.ids, bool(encoding.overflowing)) for encoding in found]
