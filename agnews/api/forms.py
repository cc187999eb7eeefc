"""What a text is that does not have one headline per line: a table or markup."""

import re

from agnews.api.columns import TEXT_KEYS, plain_name

DELIMITERS = (",", ";", "\t", "|")
NAME = re.compile(r"\w[\w ./#()-]{0,39}")
"""What the name of a column looks like."""
MARKUP = {
    "<!doctype html": "a web page (HTML)",
    "<html": "a web page (HTML)",
    "<?xml": "an XML file",
    "<rss": "a feed (RSS)",
    "<feed": "a feed (Atom)",
}
"""What text is that begins like this, in any case."""
_PLAIN_NAME = re.compile(r"\w[\w.-]{0,39}")
_AG_NEWS = re.compile(r'"?[0-4]"?,".*"')
"""AG News' own files: class, title and description, without a header."""


def markup_of(text: str) -> str | None:
    """Return what kind of markup a text is, or None if it is none."""
    start = text[:64].lstrip("\ufeff \t\r\n").lower()
    return next((name for tag, name in MARKUP.items() if start.startswith(tag)), None)


def is_csv_header(first_line: str) -> bool | None:
    """Return whether a line is the header of a CSV file, or None if that is unclear."""
    line = first_line.strip()
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
