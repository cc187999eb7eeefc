"""Whether a text is in a language that the model can read, by its tokens and its letters.

The model reads English. Texts of other languages fall into many word pieces, unknown letters and foreign short words.
Each token has points, and a text with more than MAX_POINTS of them, or without a known word, is unfamiliar. docs/api.md
says how often that is right.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_POINTS = 2
WORD, PIECE, FOREIGN, UNREADABLE, ACCENT = -1, 1, 2, 2, 2
"""Points of a word in the vocabulary, of a later piece of one that is not, of a word in FOREIGN_WORDS, of a token in
another script or without any known letter, and of a Latin letter beyond ASCII."""
FOREIGN_WORDS = frozenset(
    (
        *("aux", "dans", "de", "des", "du", "est", "et", "les", "pas", "pour", "sur", "une"),
        *("auf", "bei", "das", "dem", "den", "der", "ein", "eine", "fur", "im", "ist", "mit", "und", "von", "zu"),
        *("al", "ao", "che", "del", "della", "delle", "di", "el", "em", "en", "es", "il", "la", "las", "le", "los"),
        *("na", "nel", "non", "os", "para", "per", "por", "se", "su", "uma", "un", "una"),
        *("bir", "nie", "o", "ve", "z"),
    )
)
"""Frequent short words, without accents, of French, German, Spanish, Italian, Portuguese, Turkish and Polish."""
SPECIAL = frozenset(("[cls]", "[sep]"))
CHARS_PER_TOKEN = 6
"""Letters beyond so many characters for each token are not counted: the model may not read them."""
_ACCENTED = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")


class Familiarity(dict[int, int]):
    """The points of each token id, computed when a token is first seen."""

    def __init__(self, tokenizer: "Tokenizer") -> None:
        super().__init__()
        self._tokenizer = tokenizer
        self._unknown = {tokenizer.token_to_id(tokenizer.model.unk_token)}

    def __missing__(self, token_id: int) -> int:
        token = self._tokenizer.id_to_token(token_id) or ""
        points = self[token_id] = token_points(token, self._tokenizer.model.unk_token)
        return points

    def is_unfamiliar(self, text: str, ids: list[int]) -> bool:
        """Return whether a text with these token ids, [CLS] and [SEP] included, is unlike English."""
        points = sum(map(self.__getitem__, ids))
        if not text.isascii():
            points += ACCENT * len(_ACCENTED.findall(text, 0, CHARS_PER_TOKEN * len(ids)))
        return points > MAX_POINTS or (points >= 0 and self._has_nothing_known(ids))

    def _has_nothing_known(self, ids: list[int]) -> bool:
        """Return whether all words are unknown, or there is no token but [CLS] and [SEP]."""
        return len(ids) <= 2 or {token_id for token_id in ids if self[token_id]} == self._unknown


def token_points(token: str, unknown: str) -> int:
    """Return the points of a token of a WordPiece vocabulary whose unknown words are `unknown`."""
    letters = token.removeprefix("##").lower()
    if token == unknown:
        return UNREADABLE
    if not any(map(str.isalpha, letters)) or letters in SPECIAL:
        return 0
    if not letters.isascii():
        return UNREADABLE
    if token.startswith("##"):
        return PIECE
    return FOREIGN if letters in FOREIGN_WORDS else WORD
