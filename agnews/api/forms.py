"""What a text is that does not have one headline per line: a table or markup."""

import re

from agnews.api.columns import TEXT_KEYS, plain_name

DELIMITERS = (",", ";", "\t", "|")
TABLE = "a table (its first line is a header, or AG News' class, title and description)"
NAME = re.compile(r"\w[\w ./#()-]{0,39}")
"""What the name of a column looks like."""
MARKUP = {
    "!doctype": "a web page (HTML)",
    "html": "a web page (HTML)",
    "head": "a web page (HTML)",
    "body": "a web page (HTML)",
    "table": "a table of a web page (HTML)",
    "?xml": "an XML file",
    "rss": "a feed (RSS)",
    "rdf:rdf": "a feed (RSS)",
    "channel": "a feed (RSS)",
    "item": "a feed (RSS)",
    "feed": "a feed (Atom)",
    "entry": "a feed (Atom)",
    "urlset": "a sitemap (XML)",
    "sitemapindex": "a sitemap (XML)",
    "opml": "a list of feeds (OPML)",
    "nitf": "an article in XML (NITF)",
    "newsitem": "an article in XML (NewsML)",
    "newsml": "an article in XML (NewsML)",
}
"""What a text is, by its first tag."""
_FIRST_TAG = re.compile(r"[\ufeff\s]*(?:<!--.{0,1000}?-->\s*)*<([!?]?[a-z][\w:]*)(?=[\s/>])", re.IGNORECASE | re.DOTALL)
_YAML = re.compile(r"[\ufeff\s]*(?:---\s*\n|-\s+(?:headline|title|text|id)\s*:\s)", re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")
_PLAIN_NAME = re.compile(r"\w[\w.-]{0,39}")
_AG_NEWS = re.compile(r'"?[0-4]"?,".*"')
"""AG News' own files: class, title and description, without a header."""


def document_of(text: str) -> str | None:
    """Return what a text is if it is a whole document, such as a web page, a feed or a table; None for a headline."""
    kind = markup_of(text)
    if kind is None and ("\n" in text or "\r" in text):
        first_line, *others = _LINE_END.split(text.strip(), 1)
        return TABLE if others and is_csv_header(first_line) is not False else None
    return kind


def markup_of(text: str) -> str | None:
    """Return what kind of markup a text is, or None if it is none."""
    if text[:1].isalnum():
        return None
    if _YAML.match(text):
        return "a YAML document"
    tag = _FIRST_TAG.match(text)
    return MARKUP.get(tag[1].lower()) if tag else None


def is_csv_header(first_line: str) -> bool | None:
    """Return whether a line is the header of a CSV file, or None if that is unclear."""
    line = first_line.strip().strip("|")  # Markdown's tables have bars at both ends
    if named_delimiter(line):
        return True
    for delimiter in DELIMITERS:
        cells = [cell.strip(' "') for cell in line.split(delimiter)]
        if len(cells) > 1 and all(map(NAME.fullmatch, cells)):
            if any(plain_name(cell) in TEXT_KEYS for cell in cells):
                return True
            if all(map(_PLAIN_NAME.fullmatch, cells)) and f"{delimiter} " not in line:
                return None
    unclear = plain_name(line.strip('"')) in TEXT_KEYS or _AG_NEWS.fullmatch(line)
    return None if unclear else False


def named_delimiter(line: str) -> str:
    """Return the delimiter that a line such as `sep=;` names; empty for any other line."""
    name, _, delimiter = line.strip(' "\r\n').partition("=")
    return delimiter if name.lower() == "sep" and len(delimiter) == 1 else ""
