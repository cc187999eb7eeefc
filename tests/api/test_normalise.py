"""Texts as a person reads them, whatever carries them."""

import itertools
import json
import time
import unicodedata
from typing import Any

import pytest

import agnews
from agnews.api.normalise import normalise, origins
from agnews.api.request import read_item
from agnews.api.values import Json
from agnews.errors import InputError, LimitError
from agnews.function.events.dispatch import answer
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.payloads import post_event
from tests.support.texts import GOAL, OIL

UNCHANGED = [
    OIL,
    "Striker wins - Sky Sports",
    "Al-Jazeera wins a prize",
    "Champions win 3 - 2",
    "Rates are held - what it means for you",
    "- Reuters",
    "AT&T <-> Verizon",
    "5 < 6 > 4",
    "<3 I <3 U </3",
    "x<y and z>w, a <b and c> d",
    "Apple <AAPL.O> and <joe@example.com>",
    "R&D at P&G; S&P 500",
    "BTC&ETH, Golf R&GTI, bull&bear",
    "<BRK-B> and <al-Qaeda>",
    "<i wonder why> and </>",
    "&copycat; &#x;",
    "“Erdoğan” — naïve café’s 5G…",
    "می\u200cخواهم",
    "央行维持利率不变。",
    "👩🏽\u200d🚀",
]
READ = {
    "w<b>or</b>d<sup>2</sup>": "word2",
    "Oil prices climb - Reuters": "Oil prices climb",
    "Oil prices climb | CNN Business - CNN": "Oil prices climb",
    "Oil prices climb&nbsp;&mdash; <i>The Seattle Times</i>": "Oil prices climb",
    "OIL PRICES CLIMB|BBC NEWS": "OIL PRICES CLIMB",
    "Oil prices climb – dailyplanet.co.uk ": "Oil prices climb",
    "<p>One</p><p>two<br>three<BR />four": "One two three four",
    "<a href=x title=it's>One</a><a href=z>two</a>": "One two",
    '<img alt="a > b" src=c>One': "One",
    "One<!-- <b> two --> three <!-- four": "One three",
    "<style>p > a {color: red}</style>One<script type='a'>if (a < b) {}</script >two": "One two",
    "One<script>if (a < b) {}": "One",
    "One<STYLE type=x>p {color: red}": "One",
    "<video controls>One</video><p hidden>two<details open >three<hr noshade/>four": "One two three four",
    "<td nowrap>One<option value=1 selected>two<audio Autoplay LOOP>three": "One two three",
    "<item>One<math><mi>two<hgroup>three<svg><path>four": "One two three four",
    "w<slot>or</slot>d<data value=1>s": "words",
    "<amp-img>One<amp-ad width=1>two": "One two",
    "<x>One</x><y and z>two</y >": "One two",
    "<![CDATA[One & two]]>": "One & two",
    '<?xml version="1.0"?><!DOCTYPE html>One': "One",
    '<media:text type="html">One</media:text> <g-emoji alias="x">two</g-emoji>': "One two",
    'One <a href="https://exam': "One",
    "AT&amp;T&nbsp;&lsquo;wins&rsquo; &#36;1 &#x20ac;2 &#39": "AT&T ‘wins’ $1 €2 '",
    "AT&amp;amp;T&amp;#39;s": "AT&T's",
    "&lt;p&gt;One &amp;lt;b&amp;gt;two&lt;/p&gt;": "One two",
    "5 &lt; 6": "5 < 6",
    "AT&ampT&nbspOne&hellip caf&eacutes P&ampG; &#00000039;&#x000027;": "AT&T One… cafés P&G; ''",
    "\x1b[1;31mOne\x1b[0m \x1b]8;;https://example.com\x07two\x1b]8;;\x1b\\": "One two",
    "One\u2800two\u3164three\u115ffour\u1160five\uffa0six\ufffcseven": "One two three four five six seven",
    "so\u034fft dr\ufe0fin\U000e0101ks": "soft drinks",
    "One\x85two\x0bthree\u2028four\u200bfive\x1csix\xa0seven\uf0b7eight": "One two three four five six seven eight",
    "so\xadft \u202eright\u202c \u2060x\ufeffy": "soft right xy",
    "Cafe\u0301 \u1112\u1161\u11ab": "Café 한",
    '<a href="https://news.google.com/x">One</a>&nbsp;&nbsp;<font color="#6f6f6f">Two Daily</font>': "One",
    "One <font color='#6F6F6F'>Two Daily</font>": "One",
}


@pytest.mark.parametrize("text", UNCHANGED)
def test_plain_text_comes_back_unchanged(text: str) -> None:
    assert normalise(text) == text


@pytest.mark.parametrize(("text", "expected"), READ.items())
def test_a_text_is_read_as_on_a_page(text: str, expected: str) -> None:
    assert " ".join(normalise(text).split()) == expected


@pytest.mark.parametrize(
    "text", ["<p></p>", "&nbsp;&#8203;", "<!-- One -->", "<script>one()", "\u200b\xad", "\u2800", "\ufe0f"]
)
def test_a_text_of_nothing_but_markup_is_empty(text: str) -> None:
    error = read_item(text, Settings()).error
    assert isinstance(error, InputError)
    assert "the text is empty" in str(error)


@pytest.mark.parametrize("text", [*UNCHANGED, *READ])
def test_each_character_comes_from_a_range_of_the_text(text: str) -> None:
    normalised, ranges = normalise(text), origins(text)
    assert len(ranges) == len(normalised)
    assert all(0 <= origin.start < origin.end <= len(text) for origin in ranges)
    assert all(first.start <= second.start for first, second in itertools.pairwise(ranges))
    kept = [(text[origin.start], new) for origin, new in zip(ranges, normalised, strict=True) if new.isalnum()]
    same = [old == new for old, new in kept if old.isalnum() and unicodedata.is_normalized("NFC", text)]
    assert all(same)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("AT&amp;T&#39;s <b>profit</b>", ["AT&amp;T&#39;s", "profit"]),
        ("w<b>or</b>d&nbsp;two", ["w<b>or</b>d", "two"]),
        ("Cafe\u0301s ope\u0301ra", ["Cafe\u0301s", "ope\u0301ra"]),
        ("<p>so\xadft</p>\u200bdrinks", ["so\xadft", "drinks"]),
        ("&quot;Oil prices&quot; climb - Reuters", ["Oil", "prices", "climb"]),
    ],
)
def test_an_explanation_points_into_the_text_as_it_was_sent(
    text: str, words: list[str], classifier: Classifier, settings: Settings
) -> None:
    reply: Any = answer({"text": text, "explain": True}, classifier, settings)
    assert [word["word"] for word in reply["explanation"]] == words
    assert [text[word["start"] : word["end"]] for word in reply["explanation"]] == words


FEED = '<a href="https://news.google.com/rss/x?oc=5">{}</a>&nbsp;&nbsp;<font color="#6f6f6f">{}</font>'


@pytest.mark.parametrize("outlet", ["ESPN", "Al Jazeera"])
@pytest.mark.parametrize("suffix", ["", " - ESPN", " - Al Jazeera"])
def test_a_description_that_repeats_the_title_changes_nothing(outlet: str, suffix: str) -> None:
    row: Json = {"title": OIL + suffix, "description": FEED.format(OIL, outlet)}
    assert read_item(row, Settings()).text == OIL


@pytest.mark.parametrize("blank", ["\x85", "\x0b", "\u200b", "\u2028", "&nbsp;", "<br>"])
def test_every_door_reads_the_same_text(blank: str, classifier: Classifier, settings: Settings) -> None:
    text = GOAL.replace(" ", blank)
    expected: Any = answer({"text": GOAL, "top_k": 4}, classifier, settings)
    reply: Any = answer(post_event(json.dumps({"text": text, "top_k": 4})), classifier, settings)
    assert json.loads(reply["body"]) == expected
    listed: Any = answer({"texts": [{"title": text}], "top_k": 4}, classifier, settings)
    assert listed["predictions"] == [expected]
    assert agnews.classify(text, top_k=4) == expected


HOSTILE = ["<", "&", "<b>", "</", "<a '\"", '<a "', "<a b=", "<a =", "<a  ", "<x a='", "<!--", "<![", "]]>", "&amp;lt;"]
HOSTILE += ["<script>", "</script ", "<font color=", "&#65;", "\u0301\u0323", "\u200b", "<a b='", "< /", "&amp;amp;"]
HOSTILE += ["<b and ", "</b", "<style ", "&amp", "&#0", "\x1b[", "\x1b]", "<p hidden", "\u2800", " - Reuters"]


@pytest.mark.parametrize("unit", HOSTILE)
def test_no_pattern_takes_quadratic_time(unit: str) -> None:
    def seconds(chars: int) -> float:
        text = (unit * chars)[:chars]
        times = []
        for _ in range(3):
            start = time.thread_time()
            normalise(text)
            times.append(time.thread_time() - start)
        return min(times)

    assert seconds(100_000) < 40 * seconds(10_000) + 0.005  # quadratic: 100 times as long


def test_no_part_of_a_row_above_the_limit_is_normalised(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    lengths: list[int] = []

    def measured(text: str) -> str:
        lengths.append(len(text))
        return normalise(text)

    for module in ("placeholders", "request"):
        monkeypatch.setattr(f"agnews.api.{module}.normalise", measured)
    long = "&#65;" * settings.max_chars
    rows: list[Json] = [{"text": long}, {"title": OIL, "description": long}]
    for row in rows:
        assert isinstance(read_item(row, settings).error, LimitError)
    assert read_item({"title": OIL, "text": long}, settings).text == OIL
    assert 0 < max(lengths) <= settings.max_chars
