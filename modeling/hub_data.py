"""AG News rows from the Hugging Face Hub's data set, fancyzhx/ag_news, or another one in its form.

It joins title and description in one string and does not say where the title ends. So its rows have full texts only:
a model trained on them has seen no titles alone, and is not measured on any. To train on titles, use AG News' CSV
files.
"""

import json
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pyarrow import parquet

from agnews.labels import LABELS
from modeling.cleaning import without_html
from modeling.errors import SourceError
from modeling.hub import Listing, download, resolve
from modeling.rows import Row, keys, without

Split = Literal["train", "test"]

_INSTEAD = "choose a data set in the form of fancyzhx/ag_news, or give a folder with AG News' train*.csv instead"


def read(source: str) -> tuple[list[Row], str]:
    """Return training rows of the data set ID or ID@REVISION, and a line that says what was read.

    Rows that share a text with its test split are left out.

    Raises:
        SourceError: it cannot be downloaded, or holds something else.
    """
    repo_id, _, revision = source.partition("@")
    listing = resolve(repo_id, revision or "main", "dataset")
    test, training = read_split(listing, "test"), read_split(listing, "train")
    rows = without(training, keys(test))
    note = (
        f"{repo_id} at {listing.commit}: {len(training):,} rows, {len(training) - len(rows):,} left out as also in its "
        "test split; full texts only, the hub's data set does not keep titles apart"
    )
    return rows, note


def read_split(listing: Listing, split: Split) -> list[Row]:
    """Return the rows of one split, in the order of its files. Raises SourceError as `read` does."""
    names = sorted(name for name in listing.hashes if fnmatch(name, f"data/{split}-*.parquet"))
    if not names:
        listed = ", ".join(sorted(listing.hashes)[:8]) or "nothing"
        raise SourceError(
            f"{listing.repo_id} at {listing.commit[:12]} has no data/{split}-*.parquet (it holds {listed}); {_INSTEAD}"
        )
    return [row for name in names for row in read_parquet(download(listing, name), f"{name} of {listing.repo_id}")]


def read_parquet(path: Path, where: str) -> list[Row]:
    """Return the rows of one file, called `where` in messages. Raises SourceError for anything else."""
    try:
        with parquet.ParquetFile(path) as file:
            _check_schema(file.schema_arrow, where)
            columns = file.read(columns=["text", "label"]).to_pydict()
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise SourceError(f"{where} cannot be read as parquet ({reason}); {_INSTEAD}") from error
    return [
        _row(text, label, f"{where}, row {number}")
        for number, (text, label) in enumerate(zip(columns["text"], columns["label"], strict=True), 1)
    ]


def _check_schema(schema: pa.Schema, where: str) -> None:
    """Return if there is a string `text`, an integer `label`, and any names of labels are LABELS."""
    types = {field.name: field.type for field in schema}
    text, label = types.get("text", pa.null()), types.get("label", pa.null())
    if not (pa.types.is_string(text) or pa.types.is_large_string(text)) or not pa.types.is_integer(label):
        columns = ", ".join(f"{name} ({kind})" for name, kind in types.items())[:200]
        raise SourceError(f"{where} has the columns {columns}; expected text (string) and label (int64): {_INSTEAD}")
    names = _label_names(schema)
    if names is not None and names != list(LABELS):
        raise SourceError(f"{where} names its labels {names}; expected {', '.join(LABELS)} in this order: {_INSTEAD}")


def _label_names(schema: pa.Schema) -> object:
    """Return the ClassLabel names that the `datasets` library writes into a file's metadata; None without them."""
    facts: Any = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
    return facts.get("info", {}).get("features", {}).get("label", {}).get("names")


def _row(text: str | None, label: int | None, where: str) -> Row:
    if text is None or label is None or not 0 <= label < len(LABELS):
        content = "no text" if text is None else f"label {label}"
        raise SourceError(
            f"{where} has {content}; expected a text and a label 0 to 3 ({', '.join(LABELS)}): {_INSTEAD}"
        )
    return Row(label, {"full": without_html(text)})
