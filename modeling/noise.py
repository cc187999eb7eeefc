"""Texts without the marks of who published them, so that in training the outlet is not mistaken for the topic.

Case needs no such care: the tokenizer knows lower case only.
"""

import random
import re

SOURCES = (
    "AP|AFP|Reuters|Canadian Press|CP|PTI|NewsFactor|PC World|washingtonpost.com|SPACE.com|Ziff Davis|USATODAY.com|"
    "MacCentral|Forbes.com|InfoWorld|COMPUTERWORLD|TechWeb|SiliconValley.com|Investor's Business Daily|FT.com|"
    "The Motley Fool|TheDeal.com|BusinessWeek Online|Los Angeles Times|Chicago Tribune|CBC SPORTS ONLINE|"
    "Sports Network|Ticker|CBS.MW|Dow Jones|Bloomberg|newratings.com|New Ratings|Xinhuanet|IDG NEWS SERVICE|"
    r"CNN/Money|Quote, Chart|NNN|Update\d"
).replace(".com", r"\.com")
"""The agencies and outlets that AG News' texts name, as alternatives of a regular expression."""

_MARK = re.compile(rf"\s*\((?:{SOURCES})\)(?:\s*--?)?")
_LEAD = re.compile(rf"(?:^|(?<=[\s.]))(?:{SOURCES}) --? ")
_DATELINE = re.compile(r"\b[A-Z]{3,}(?: [A-Z]{3,}){0,2}(?:, [A-Z][a-z]+\.?)? --? ")


def without_source(text: str) -> str:
    """`text` without `(AP)`, `Reuters - ` and `NEW YORK - `; text that has none of them comes back unchanged."""
    bare = _DATELINE.sub("", _LEAD.sub("", _MARK.sub("", text)))
    return text if bare == text else " ".join(bare.split()) or text


def sometimes_without_source(text: str, share: float, chance: random.Random) -> str:
    """`text`, bared of its sources in the given share of cases."""
    return without_source(text) if chance.random() < share else text
