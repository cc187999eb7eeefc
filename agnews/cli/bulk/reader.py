"""CSV as Step Functions reads it, which differs from other readers in what it takes for an escape and for a quote.

A backslash escapes a backslash, a quotation mark or a comma, and is dropped before anything else. A quotation mark
begins or ends a quoted part wherever it stands. Surplus fields are dropped, missing ones are empty.
https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html
"""

from collections.abc import Iterator

DELIMITER = ","
_ESCAPED = f'\\"{DELIMITER}'


def step_functions_records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each record with the number of the line that it begins on; empty lines are left out."""
    cells: list[str] = []
    cell: list[str] = []
    quoted = False
    line = first_line = 1
    characters = iter(zip(text, text[1:] + "\n", strict=True))
    for character, following in characters:
        if character == "\\":
            if following in _ESCAPED:
                cell.append(next(characters)[0])
        elif character == '"' and quoted and following == '"':
            cell.append(next(characters)[0])
        elif character == '"':
            quoted = not quoted
        elif character == DELIMITER and not quoted:
            cells.append("".join(cell))
            cell = []
        elif character == "\n" and not quoted:
            if cells or cell not in ([], ["\r"]):
                yield first_line, [*cells, "".join(cell).removesuffix("\r")]
            cells, cell, first_line = [], [], line + 1
        else:
            cell.append(character)
        line += character == "\n" or (character == "\r" and following != "\n")
    if cells or cell:
        yield first_line, [*cells, "".join(cell).removesuffix("\r")]
