"""Turn texts into token ids with `tokenizers` alone; importing transformers for it would take seconds."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agnews.errors import ModelError
from agnews.model.checkpoint import REPAIR_HINT, RULES, VOCABULARY, Checkpoint

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Encoded(NamedTuple):
    """The token ids of one text, including [CLS] and [SEP], and whether its end was cut to fit the model."""

    ids: list[int]
    truncated: bool


class Encoder:
    """The checkpoint's tokenizer. Truncates at the maximum length and never pads."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._tokenizer = read_tokenizer(checkpoint.folder)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(checkpoint.max_length)

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Return one Encoded per text, in order. Texts must be valid Unicode (no lone surrogates)."""
        encodings = self._tokenizer.encode_batch_fast(list(texts))
        return [Encoded(encoding.ids, bool(encoding.overflowing)) for encoding in encodings]


def read_tokenizer(folder: Path) -> "Tokenizer":
    """Return the tokenizer with the rules and the vocabulary in `folder`.

    Raises:
        ModelError: one of the two files is missing or invalid.
    """
    from tokenizers import Tokenizer  # 30 ms: not paid by `agnews --help`
    from tokenizers.models import WordPiece

    try:
        tokenizer = Tokenizer.from_file(str(folder / RULES))
        rules: WordPiece = tokenizer.model
        unknown = rules.token_to_id(rules.unk_token)
        tokenizer.model = WordPiece.from_file(
            str(folder / VOCABULARY),
            unk_token=rules.unk_token,
            max_input_chars_per_word=rules.max_input_chars_per_word,
            continuing_subword_prefix=rules.continuing_subword_prefix,
        )
    except Exception as error:  # the library raises bare Exception
        raise ModelError(f"cannot read {RULES} and {VOCABULARY} in {folder} ({error}); {REPAIR_HINT}") from error
    if tokenizer.model.token_to_id(rules.unk_token) != unknown:
        raise ModelError(f"{folder / VOCABULARY} lacks {rules.unk_token} in its place; {REPAIR_HINT}")
    return tokenizer
