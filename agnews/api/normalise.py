"""Texts as a person reads them on a page: without markup, entities, control and invisible characters, in NFC.

Every step takes time linear in the text: no pattern looks beyond the next `<` for the end of a tag.
"""

import re
import unicodedata
from collections.abc import Callable, Set
from functools import lru_cache, partial
from typing import NamedTuple

from agnews.api.outlets import without_outlet

Replacement = str | Callable[[re.Match[str]], str]
Substitute = Callable[[re.Pattern[str], Replacement, str], str]
"""Takes a pattern, what replaces its matches, and the text."""

_INLINE = frozenset(
    (
        *("abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins"),
        *("kbd", "label", "mark", "nobr", "q", "rb", "rp", "rt", "rtc", "ruby", "s", "samp", "slot", "small", "span"),
        *("strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr"),
    )
)
"""Elements that do not separate words: `w<b>or</b>d`."""
_OTHER = frozenset(
    (
        *("a", "address", "applet", "area", "article", "aside", "audio", "base", "basefont", "bgsound", "blink"),
        *("blockquote", "body", "br", "button", "canvas", "caption", "center", "col", "colgroup", "datalist", "dd"),
        *("details", "dialog", "dir", "div", "dl", "dt", "embed", "fieldset", "figcaption", "figure", "footer", "form"),
        *("frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hgroup", "hr", "html", "iframe"),
        *("img", "input", "legend", "li", "link", "main", "map", "marquee", "menu", "menuitem", "meta", "meter", "nav"),
        *("noembed", "noframes", "noscript", "object", "ol", "optgroup", "option", "output", "p", "param", "picture"),
        *("pre", "progress", "script", "search", "section", "select", "source", "spacer", "style", "summary", "table"),
        *("tbody", "td", "template", "textarea", "tfoot", "th", "thead", "title", "tr", "track", "ul", "video", "xmp"),
        *("circle", "clippath", "defs", "ellipse", "g", "path", "polygon", "polyline", "rect", "svg", "tspan", "use"),
        *("math", "mfrac", "mi", "mn", "mo", "mover", "mroot", "mrow", "ms", "mspace", "msqrt", "mstyle", "msub"),
        *("msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover", "semantics"),
        *("category", "channel", "description", "enclosure", "entry", "feed", "guid", "item", "pubdate", "rss"),
    )
)
"""HTML's other elements, and those of SVG, MathML and RSS. They separate words, links included: lists of links are
often written without blanks."""
_FLAGS = frozenset(
    (
        *("allowfullscreen", "async", "autofocus", "autoplay", "checked", "compact", "controls", "default", "defer"),
        *("disabled", "download", "formnovalidate", "hidden", "inert", "ismap", "itemscope", "loop", "multiple"),
        *("muted", "nohref", "nomodule", "noresize", "noshade", "novalidate", "nowrap", "open", "playsinline"),
        *("readonly", "required", "reversed", "selected"),
    )
)
"""Attributes without a value. Other words behind a name are text: `a <b and c> d`."""
_VALUES = r"""[^<>"']*+(?:(?:"[^"<]*+"|'[^'<]*+')[^<>"']*+)*+"""
"""A tag's attributes, with `>` in quoted values."""
_TAG = re.compile(
    r"<(?P<slash>/?)(?P<name>[A-Za-z][\w:.-]*+)"
    rf"(?:\s*+/?>|\s(?:(?=[^<>]*=)(?:{_VALUES}>|[^<>]*+(?:>|\Z))|(?P<flags>[^<>=]*+)>))"
)
"""A tag; if it has attributes with values, perhaps cut off at the end."""
_CLOSING = re.compile(r"</([A-Za-z][\w:.-]*+)\s*>")
_DECLARATION = re.compile(r"<!\[CDATA\[|\]\]>|<[!?][A-Za-z\[][^<>]*>")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_CODE = re.compile(r"<(script|style)(?=[\s/>])[^<>]*>.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_OUTLET = re.compile(r"""<font\s+color=["']?#6f6f6f["']?\s*>[^<>]*</font>""", re.IGNORECASE)
"""The outlet in a description of Google News, which otherwise repeats the title. `ESPN` would make it Sports."""
_BARE = "amp|nbsp|quot|[lg]t|hellip|[mn]dash|[lr][sda]quo|szlig|[A-Za-z](?:acute|grave|circ|tilde|uml|cedil|ring|slash)"
"""Names of entities that are decoded without a semicolon, too. Others, such as `BTC&ETH`, are more often words."""
_ENTITY = re.compile(
    rf"&(?:#0{{0,99}}[0-9]{{1,7}};?|#[xX]0{{0,99}}[0-9a-fA-F]{{1,6}};?|[A-Za-z][A-Za-z0-9]{{1,31}};|{_BARE})"
)
_BARE_ENTITY = re.compile(f"&({_BARE})")
_BLANK = re.compile(
    "[\x00-\x1f\x7f-\xa0\u115f\u1160\u1680\u2000-\u200b\u2028\u2029\u202f\u205f\u2800\u3000\u3164\ue000-\uf8ff"
    "\uffa0\ufffc]"
)
"""Controls, spaces of any width (zero included), fillers, line separators, and the private characters of icon fonts."""
_NOTHING = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]|\x1b\][^\x07\x1b]*+(?:\x07|\x1b\\)|"
    "[\xad\u034f\u061c\u17b4\u17b5\u180b-\u180f\u200e\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U0001d159\U000e0000-\U000e01ef]"
)
"""Colours of terminals, soft hyphens, joiners, and marks of direction and variation. Zero-width joiners and non-joiners
stay: some scripts need them."""
_COMPOSABLE = re.compile("[!-~]?[^\x00-\x7f\xa0-\xbf\u2000-\u206f\u3000-\u303f\uff00-\uff0f]{1,64}")
"""A run of characters beyond ASCII, punctuation excepted. It is short because NFC takes quadratic time for marks."""

_NO_LETTER = re.compile(r"[\W_]+")


def normalise(text: str) -> str:
    """Return `text` as a person reads it, without the names of outlets behind it. Plain text comes back as it is.

    Entities are decoded twice, as feeds encode them twice; a tag that comes out is removed.
    """
    return without_outlet(text if _is_plain(text) else _normalised(text, re.Pattern.sub))


def repeats(description: str, title: str) -> bool:
    """Return whether a description has no letters and digits but those that the title begins with, in any case."""
    return _letters(title).startswith(_letters(description))


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", normalise(text).casefold())


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and "<" not in text and "&" not in text


def _normalised(text: str, substitute: Substitute) -> str:
    for _ in range(2):
        text = _without_markup(text, substitute)
        if "&" in text:
            text = substitute(_ENTITY, _decoded, text)
    text = _without_markup(text, substitute)
    if not (text.isascii() and text.isprintable()):
        text = substitute(_BLANK, " ", substitute(_NOTHING, "", text))
    if not text.isascii():
        text = substitute(_COMPOSABLE, _composed, text)
    return text


def _without_markup(text: str, substitute: Substitute) -> str:
    """Return `text` without tags, comments, and the contents of scripts and styles."""
    if "<" not in text:
        return text
    for pattern in (_COMMENT, _OUTLET, _CODE):
        text = substitute(pattern, " ", text)
    closed = set(map(str.lower, _CLOSING.findall(text)))
    return substitute(_DECLARATION, " ", substitute(_TAG, partial(_tag_as_text, closed), text))


def _tag_as_text(closed: Set[str], tag: re.Match[str]) -> str:
    """Return what separates the words around a tag; what only looks like one, `<AAPL.O>`, stays.

    `closed` are the names for which the text has a closing tag.
    """
    name = tag["name"].lower()
    flags = set((tag["flags"] or "").lower().rstrip("/").split())
    if not flags <= _FLAGS and name not in closed:
        return tag[0]
    if name in _INLINE:
        return ""
    is_custom = "-" in name and tag["name"].islower()
    is_tag = name in _OTHER or name in closed or tag["slash"] or ":" in name or is_custom
    return " " if is_tag or '="' in tag[0] or "='" in tag[0] else tag[0]


def _decoded(match: re.Match[str]) -> str:
    return _character(match[0])


@lru_cache(256)
def _character(entity: str) -> str:
    """Return what an entity stands for, or an unknown one itself."""
    from html import unescape  # not paid at the start
    from html.entities import html5

    if entity[1] == "#":
        return unescape(entity)
    if entity[1:] in html5:
        return html5[entity[1:]]
    return _BARE_ENTITY.sub(lambda match: html5.get(f"{match[1]};", match[0]), entity)


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
        text = _normalised(text, substitute)
    return tracked[: len(without_outlet(text))]


def _origins_of(new: str, replaced: list[Origin]) -> list[Origin]:
    """Return the origins of a replacement's characters: one each, or for all of them the whole that was replaced."""
    if len(new) == len(replaced):
        return replaced
    return [Origin(replaced[0].start, replaced[-1].end)] * len(new)
