"""Plain text with one headline per line."""

import re

from agnews.api.placeholders import is_blank

_LINE_END = re.compile(r"\r\n|\r|\n")


def headline_lines(text: str) -> list[str]:
    """Return the lines that are not blank, without the byte order marks that they begin with.

    CR, LF and CRLF each end a line, as in the files that `agnews classify` reads.
    """
    lines = (line.lstrip("\ufeff") for line in _LINE_END.split(text))
    return [line for line in lines if not is_blank(line)]
