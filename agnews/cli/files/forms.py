"""The forms that text files have, by their name or by their first line."""

import re
from pathlib import Path
from typing import Literal, get_args

from agnews.api.forms import is_csv_header
from agnews.errors import InputError

Form = Literal["txt", "csv", "tsv", "jsonl", "json"]
FORMS: tuple[Form, ...] = get_args(Form)
SUFFIXES: dict[str, Form] = {
    ".txt": "txt",
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
}
COMPRESSED = (".gz", ".zst")
TABLE_SUFFIXES = (".xlsx", ".xls", ".ods", ".parquet")

_JSON = re.compile(r'\s*(\{\s*(["}]|$)|\[\s*([\[{"\]]|$))')


def form_of_name(path: Path) -> Form | None:
    """Return the form that a file's name shows, or None if its suffix is not one of SUFFIXES."""
    plain = path.with_suffix("") if path.suffix.lower() in COMPRESSED else path
    return SUFFIXES.get(plain.suffix.lower())


def form_of(name: str, first_line: str, named: Form | None) -> Form:
    """Return the form of a file: the one that its name shows, unless its first line shows another.

    Raises:
        InputError: the line may be a CSV header or a headline.
    """
    if _JSON.match(first_line):
        return "jsonl"
    if named in ("csv", "tsv"):
        return named
    is_header = is_csv_header(first_line)
    if is_header is None and named in (None, "txt"):
        raise InputError(
            f"{name} looks like CSV (its first line is {first_line.strip()[:60]!r}); say --input-format csv, "
            "or --input-format txt if each line is a headline"
        )
    return "csv" if is_header else named or "txt"
