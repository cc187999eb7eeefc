"""Whether a text is in a language that the model can read, by its tokens, its letters and its short words.

The model reads English. Texts of other languages fall into many word pieces, unknown letters and foreign short words.
Each has points, and a text with too many of them, or without a known word, is unfamiliar. docs/api.md says
how often that is right.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_POINTS, MAX_PIECES_POINTS = -2, 2
"""The second is for texts without foreign words and letters, which may be names."""
WORD, PIECE, UNREADABLE, ACCENT = -4, 3, 6, 10
"""Points of a word in the vocabulary, of a later piece of one that is not, of a token in another script or without any
known letter, and of a Latin letter beyond ASCII."""
FOREIGN, SHORT = 14, 8
"""Points of a word in FOREIGN_WORDS and SHORT_WORDS, beside those of its tokens."""
FOREIGN_WORDS = """
aan af agli akan alcalde ale alla alle allo als amb ang anni anno ano anos ans ao aos apos apres atas att auch auf
aur aux av avec ay az baisse banjir baru batte bei beurs bhi bij bir bisa blir bliver bolsa borsa bourse bu calcio
cette che chez chiude cierra cok como contra contre contro cu czy daha dal dalam dalla dalle dans dari dat dedi degli
dei del della delle dello dels dem den dengan depuis des desde det detenido deux din diz dla doden dois dolar dopo
drei drie duizenden dupa durch ecco een efter egy ei ein eine einem einen einer elecciones eleicoes elezioni elle els
entre es est esta este et etre ett etta etter fait fecha foi fra fran fue fur futbol futebol gana geen gegen gempa
gewinnt gibi gli gobierno gouvernement governo guerra guerre guvernul ha haben hallan hanno har harga hari hasta
hausse hebben heeft het hogy hoje hos hoy huelga hukumet icin igen igjen ihre ikke il ile incendio ini inte ist itu
iz jaar jadi jahr jahre jahren jak jako je jest juga juz kabinet kadar kaha katika kein krieg krig kun kwa lagi lat
lavoro les lesz leur lo lui maar mais meer meg mehr mein mellan mellem mellom mensen mercato mga milioni millones
ministre ministro moet morti morto mortos morts mot muere muertos mula muy myos naar nach nad nahi naik naman nao nar
nei nel nella nelle nem neue neuen neuer ng nicht nie niet nieuwe noch nog nos nouveau nouvelle novi novo novy nowa
nowy nueva nuevo nuevos nuova nuovi nuovo nur nya nye nytt och od og oggi olarak oldu oleh oli om onder ont ook
oorlog ora ovat pada para pas pela pelo pentru pero piu po policia policie policja polisen polisi politie politiet
polizei polizia por precio precios preco pred prefeito preise presiden presidente prezzi prezzo pri prijs prijzen
prise proti protiv przed przez przy que qui regering regeringen regierung regjeringen rialzo ribasso ribuan rzad sans
sao scuola seg sein seit selon sem ser ses seu sich sie sind sindaco ska skal sobre som sono sont sous streik su sua
sui sul sulla sulle sunt suo sus tegen terremoto tidak tijdens til tra trabajo trabalho tras tre tres trois tva twee
ud uit uj um uma una und une uno unter untuk usai uuden uusi uz vanwege ved vence verletzte verliert vers vid vil
vill vivienda vlada voi volt vom von voor vor vrouw wahl warga wegen werd werden wie wint wird wojna worden wordt ya
yeni yli yok za ze zijn zoekt zu zum zur zwei zwischen
"""
"""Frequent words of other languages in Latin letters, without accents, which are rare in English headlines."""
SHORT_WORDS = """
al ar au aus bis ce ces con da dan das de der di door dos du e el em en hai han hat im ja jo ka kan ke ki ko kya la
las le los ma mai mar mas med met mit mod na nas ne ni non nova nu ny nyt o op os pa par pe per pod pour sa se si sig
sin sur te tot uber un va van var ve w wa y yang z
"""
"""The same, for words that are also in names and abbreviations."""
ENGLISH = -2 * FOREIGN
"""Texts with fewer points are English, whatever words they have."""
SPECIAL = frozenset(("[cls]", "[sep]"))
CHARS_PER_TOKEN = 6
"""Characters beyond so many for each token are not looked at: the model may not read them."""
_FOREIGN = frozenset(FOREIGN_WORDS.split())
_SHORT = frozenset(SHORT_WORDS.split())
_ACCENTED = re.compile("[\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff]")
_WORD = re.compile(r"[^\W\d_]+")


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
        foreign = word_points(text[: CHARS_PER_TOKEN * len(ids)]) if points > ENGLISH else 0
        if points + foreign > (MAX_POINTS if foreign else MAX_PIECES_POINTS):
            return True
        return points >= 0 and self._has_nothing_known(ids)

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
    return PIECE if token.startswith("##") else WORD


def word_points(text: str) -> int:
    """Return the points of a text's foreign words, each counted once, and of its accented letters."""
    words = set(_WORD.findall(text.lower()))
    points = FOREIGN * len(words & _FOREIGN) + SHORT * len(words & _SHORT)
    return points if text.isascii() else points + ACCENT * len(_ACCENTED.findall(text))
