"""Turn texts into token ids with `tokenizers` alone; importing transformers for it would take seconds."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from agnews.errors import ModelError
from agnews.model.checkpoint import REPAIR_HINT, RULES, VOCABULARY, Checkpoint
from agnews.model.familiarity import Familiarity

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer


CHARS_PER_TOKEN = 32
"""A text is first cut at so many characters for each token that the model reads. English has about 5."""


class Encoded(NamedTuple):
    """The token ids of one text, including [CLS] and [SEP], and whether its end was cut to fit the model."""

    ids: list[int]
    truncated: bool
    unfamiliar: bool
    """Whether it is unlike English."""


class Encoder:
    """The checkpoint's tokenizer. Truncates at the maximum length and never pads."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._tokenizer = read_tokenizer(checkpoint.folder)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(checkpoint.max_length)
        self._tokenizer.encode_special_tokens = True  # "[MASK]" in a text is a word in brackets
        self._familiarity = Familiarity(self._tokenizer)
        self._max_chars = CHARS_PER_TOKEN * checkpoint.max_length
        self._word_tokens: int = self._tokenizer.model.max_input_chars_per_word

    def encode(self, texts: Sequence[str]) -> list[Encoded]:
        """Return one Encoded per text, in order. Texts must be valid Unicode (no lone surrogates)."""
        encodings = self._tokenizer.encode_batch_fast([text[: self._max_chars] for text in texts])
        for index, text in enumerate(texts):
            if not self._suffices(encodings[index], text):
                encodings[index] = self._tokenizer.encode_batch_fast([text])[0]
        return [self._encoded(text, encoding) for text, encoding in zip(texts, encodings, strict=True)]

    def _encoded(self, text: str, encoding: "Encoding") -> Encoded:
        ids = encoding.ids
        return Encoded(ids, bool(encoding.overflowing), self._familiarity.is_unfamiliar(text, ids))

    def read_chars(self, text: str) -> int:
        """Return the end of the last token of `text` that the model reads, in characters."""
        encoding = self._tokenizer.encode(text[: self._max_chars])
        if not self._suffices(encoding, text):
            encoding = self._tokenizer.encode(text)
        end: int = encoding.offsets[-2][1]  # behind it is [SEP]
        return end

    def _suffices(self, start: "Encoding", text: str) -> bool:
        """Return whether the start of a long text has the same tokens as the text, at a fraction of the time.

        It does if none of them are of its last word, which may be cut: a word has at most `_word_tokens`.
        """
        if len(text) <= self._max_chars:
            return True
        return sum(len(part.ids) for part in start.overflowing) >= self._word_tokens + 2 * len(start.overflowing)


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
