"""Texts without the marks of who published them and where, so that in training these are not mistaken for the topic.

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
"""The agencies and outlets that AG News' texts name, and what stands in their place: a regular expression's choices."""

_PLACE = r"[A-Z]{3,}(?: [A-Z]{3,}){0,2}(?:, [A-Z][a-z]+\.?)?"
_DATELINE = re.compile(rf"(?:^|(?<=[.!?)] )){_PLACE} (?:\((?:{SOURCES})\) ?)?--? ?")
_LEAD = re.compile(rf"(?:^|(?<=[\s.]))(?:{SOURCES}) --? ")
_MARK = re.compile(rf"\s*\((?:{SOURCES})\)(?:\s*--?)?")


def without_source(text: str) -> str:
    """`text` without `(AP)`, `Reuters - ` and `NEW YORK - `; text that has none of them comes back unchanged."""
    bare = _MARK.sub("", _LEAD.sub("", _DATELINE.sub("", text)))
    return text if bare == text else " ".join(bare.split()) or text


def sometimes_without_source(text: str, share: float, chance: random.Random) -> str:
    """`text`, bared of its sources in the given share of cases."""
    return without_source(text) if chance.random() < share else text
