r"""Remove HTML remains and the names of publishers from training texts.

AG News lost the `&` of most entities and turned line breaks into backslashes. Text without such remains comes
back unchanged. Case is left alone: the tokenizer lowers it.
"""

import html
import re

_NAMED = "quot|amp|lt|gt|nbsp|apos|lsquo|rsquo|ldquo|rdquo|ndash|mdash|hellip|eacute"
_APOSTROPHE = re.compile(r" ?&?#0*(?:39|145|146|8216|8217);")
_ENTITY = re.compile(rf"(?<![\w&])&?(#\d{{2,5}}|{_NAMED});|&({_NAMED});")
_TAG = re.compile(
    r"</?(?:a|b|i|u|p|br|em|font|strong|img|div|span|table|tr|td|li|ol|ul|h\d)\b[^<>]*(?:>|$)",
    re.IGNORECASE,
)

AGENCIES = (
    "AP|AFP|Reuters|Canadian Press|CP|PTI|NewsFactor|PC World|washingtonpost.com|SPACE.com|Ziff Davis|USATODAY.com|"
    "MacCentral|Forbes.com|InfoWorld|COMPUTERWORLD|TechWeb|SiliconValley.com|Investor's Business Daily|FT.com|"
    "The Motley Fool|TheDeal.com|BusinessWeek Online|Los Angeles Times|Chicago Tribune|CBC SPORTS ONLINE|"
    "Sports Network|Ticker|CBS.MW|Dow Jones|Bloomberg|newratings.com|New Ratings|Xinhuanet|IDG NEWS SERVICE|"
    r"CNN/Money|Quote, Chart|NNN|Update\d"
).replace(".com", r"\.com")
"""The agencies and outlets named in AG News' texts, and what else takes their place, as a regular expression."""

_PLACE = r"[A-Z]{3,}(?: [A-Z]{3,}){0,2}(?:, [A-Z][a-z]+\.?)?"
_DATELINE = re.compile(rf"(?:^|(?<=[.!?)] )){_PLACE} (?:\((?:{AGENCIES})\) ?)?--? ?")
_LEAD = re.compile(rf"(?:^|(?<=[\s.]))(?:{AGENCIES}) --? ")
_MARK = re.compile(rf"\s*\((?:{AGENCIES})\)(?:\s*--?)?")


def without_html(text: str) -> str:
    r"""Return `text` without HTML remains (`#39;`, `\`, `&lt;b&gt;`)."""
    mended = _APOSTROPHE.sub("'", text)
    mended = _ENTITY.sub(lambda entity: html.unescape(f"&{entity[1] or entity[2]};"), mended)
    mended = _TAG.sub(" ", mended).replace("\\", " ").replace("\xa0", " ")
    return text if mended == text else " ".join(mended.split())


def without_agency(text: str) -> str:
    """Return `text` without `(AP)`, `Reuters - ` and `NEW YORK - `."""
    bare = _MARK.sub("", _LEAD.sub("", _DATELINE.sub("", text)))
    return text if bare == text else " ".join(bare.split()) or text
