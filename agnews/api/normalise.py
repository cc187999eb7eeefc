"""Texts as a person reads them on a page: without markup, entities, control and invisible characters, in NFC.

Every step takes time linear in the text: no pattern looks beyond the next `<` for the end of a tag.
"""

import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

Replacement = str | Callable[[re.Match[str]], str]
Substitute = Callable[[re.Pattern[str], Replacement, str], str]
"""Takes a pattern, what replaces its matches, and the text."""

_INLINE = frozenset(
    (
        *("abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd"),
        *("label", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong", "sub"),
        *("sup", "time", "tt", "u", "var", "wbr"),
    )
)
"""Elements that do not separate words: `w<b>or</b>d`."""
_OTHER = frozenset(
    (
        *("a", "address", "area", "article", "aside", "audio", "blink", "blockquote", "body", "br", "button", "canvas"),
        *("caption", "center", "col", "colgroup", "dd", "details", "dialog", "dir", "div", "dl", "dt", "embed"),
        *("fieldset", "figcaption", "figure", "footer", "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5"),
        *("h6", "head", "header", "hr", "html", "iframe", "img", "input", "legend", "li", "link", "main", "map"),
        *("marquee", "menu", "meta", "nav", "noscript", "object", "ol", "optgroup", "option", "p", "param", "picture"),
        *("pre", "progress", "script", "section", "select", "source", "style", "summary", "svg", "table", "tbody"),
        *("td", "template", "textarea", "tfoot", "th", "thead", "title", "tr", "track", "ul", "video"),
    )
)
"""HTML's other elements. They separate words, links included: lists of links are often written without blanks."""
_VALUES = r"""[^<>"']*+(?:(?:"[^"<]*+"|'[^'<]*+')[^<>"']*+)*+"""
"""A tag's attributes, with `>` in quoted values."""
_TAG = re.compile(
    rf"<(?P<slash>/?)(?P<name>[A-Za-z][\w:.-]*+)(?:\s*+/?>|\s(?=[^<>]*=)(?P<attributes>{_VALUES}>|[^<>]*+(?:>|\Z)))"
)
"""A tag, perhaps cut off at the end. Attributes have values: `a <b and c> d` is text."""
_DECLARATION = re.compile(r"<!\[CDATA\[|\]\]>|<[!?][A-Za-z\[][^<>]*>")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_CODE_END = re.compile(r"</(?:script|style)\s*>", re.IGNORECASE)
_CODE = re.compile(r"<(?:script|style)\b[^<>]*>.*?(?:</(?:script|style)\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_OUTLET = re.compile(r'<font color="#6f6f6f">[^<>]*</font>')
"""The outlet in a description of Google News, which otherwise repeats the title. `ESPN` would make it Sports."""
_ENTITY = re.compile(r"&(?:#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)")
_BLANK = re.compile("[\x00-\x1f\x7f-\xa0\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2800\u3000\u3164\ue000-\uf8ff]")
"""Controls, spaces of any width (zero included), line separators, and the private characters of icon fonts."""
_NOTHING = re.compile(
    "[\xad\u034f\u061c\u180e\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Soft hyphens, joiners and marks of direction. Zero-width joiners and non-joiners stay: some scripts need them."""
_COMPOSABLE = re.compile("[!-~]?[^\x00-\x7f\xa0-\xbf\u2000-\u206f\u3000-\u303f\uff00-\uff0f]{1,64}")
"""A run of characters beyond ASCII, punctuation excepted. It is short because NFC takes quadratic time for marks."""


def normalise(text: str) -> str:
    """Return `text` as a person reads it. Plain text comes back as it is.

    Entities are decoded twice, as feeds encode them twice; a tag that comes out is removed.
    """
    return text if _is_plain(text) else _normalised(text, re.Pattern.sub)


def repeats(description: str, title: str) -> bool:
    """Return whether a description says nothing but the title, or the title up to the name of the outlet."""
    return " ".join(normalise(title).split()).startswith(" ".join(normalise(description).split()))


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "<" not in text and "&" not in text


def _normalised(text: str, substitute: Substitute) -> str:
    for _ in range(2):
        text = _without_markup(text, substitute)
        if "&" in text:
            text = substitute(_ENTITY, _decoded, text)
    text = _without_markup(text, substitute)
    if not text.isprintable():
        text = substitute(_NOTHING, "", substitute(_BLANK, " ", text))
    if not text.isascii():
        text = substitute(_COMPOSABLE, _composed, text)
    return text


def _without_markup(text: str, substitute: Substitute) -> str:
    """Return `text` without tags, comments, and the contents of scripts and styles that end."""
    if "<" not in text:
        return text
    text = substitute(_COMMENT, " ", text)
    text = substitute(_OUTLET, " ", text)
    if _CODE_END.search(text):
        text = substitute(_CODE, " ", text)
    return substitute(_DECLARATION, " ", substitute(_TAG, _tag_as_text, text))


def _tag_as_text(tag: re.Match[str]) -> str:
    """Return what separates the words around a tag; what only looks like one, `<AAPL.O>`, stays."""
    name = tag["name"].lower()
    if name in _INLINE:
        return ""
    is_tag = name in _OTHER or tag["slash"] or ":" in name or '="' in tag[0] or "='" in tag[0]
    return " " if is_tag else tag[0]


def _decoded(match: re.Match[str]) -> str:
    return _character(match[0])


@lru_cache(256)
def _character(entity: str) -> str:
    """Return what an entity stands for, or an unknown one itself."""
    from html import unescape  # not paid at the start
    from html.entities import html5

    return unescape(entity) if entity[1] == "#" else html5.get(entity[1:], entity)


def _composed(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFC", match[0])


class Origin(NamedTuple):
    """Where a character comes from: a range of the text as it was sent; `end` is exclusive."""

    start: int
    end: int


def origins(text: str) -> list[Origin]:
    """Return the origin in `text` of each character of `normalise(text)`."""
    tracked = [Origin(index, index + 1) for index in range(len(text))]

    def substitute(pattern: re.Pattern[str], replacement: Replacement, text: str) -> str:
        nonlocal tracked
        parts: list[str] = []
        result: list[Origin] = []
        end = 0
        for match in pattern.finditer(text):
            new = replacement if isinstance(replacement, str) else replacement(match)
            parts += text[end : match.start()], new
            result += tracked[end : match.start()]
            result += _origins_of(new, tracked[match.start() : match.end()])
            end = match.end()
        tracked = result + tracked[end:]
        return "".join(parts) + text[end:]

    if not _is_plain(text):
        _normalised(text, substitute)
    return tracked


def _origins_of(new: str, replaced: list[Origin]) -> list[Origin]:
    """Return the origins of a replacement's characters: one each, or for all of them the whole that was replaced."""
    if len(new) == len(replaced):
        return replaced
    return [Origin(replaced[0].start, replaced[-1].end)] * len(new)
