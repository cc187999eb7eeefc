"""Items as Step Functions' ItemReader reads them (AWS, "How Step Functions parses input CSV files")."""

import json
import re
from collections.abc import Iterator
from typing import Any


def read_items(body: bytes, config: dict[str, str]) -> Iterator[Any]:
    """Yield the items of a CSV file with a header, or of JSON Lines. Raises ValueError if they cannot be read."""
    text = body.decode()
    if config["InputType"] == "JSONL":
        for line in text.split("\n"):
            if line.strip():
                yield json.loads(line)
        return
    assert config == {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
    rows = csv_rows(text)
    header = next(rows, [])
    for row in rows:
        yield dict(zip(header, row + [""] * (len(header) - len(row)), strict=False))


TOKENS = re.compile(r'\\([\\",])?|(")|(\r?\n)|(,)|([^\\",\r\n]+|\r)', re.DOTALL)


def csv_rows(text: str) -> Iterator[list[str]]:
    """Yield rows of strings. Quoted cells may hold commas and line ends, `""` is a quote, and a backslash escapes."""
    row, cell, quoted, closed = [], "", False, -1
    for token in TOKENS.finditer(text):
        escaped, quote, end, comma, plain = token.groups()
        if quote:
            cell += '"' if token.start() == closed else ""
            quoted = not quoted
            closed = -1 if quoted else token.end()
        elif comma and not quoted:
            row.append(cell)
            cell = ""
        elif end and not quoted:
            if row or cell:
                yield [*row, cell]
            row, cell = [], ""
        else:
            cell += escaped or end or comma or plain or ""
    if row or cell:
        yield [*row, cell]
