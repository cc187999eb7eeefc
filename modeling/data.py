"""AG News rows for training: read, cleaned of HTML remains, split and sampled.

They come from a folder of AG News' CSV files, or from the hub, whose rows have full texts only (see hub_data).
"""

import csv
import hashlib
import html
import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from agnews.api.request import joined
from agnews.labels import LABELS
from modeling.errors import SourceError

View = Literal["title", "full", "description"]
VIEWS: tuple[View, ...] = get_args(View)

MEASURED: tuple[View, ...] = ("title", "full")
"""The views that a model is chosen and calibrated on, where the held-out rows have them."""

_NAMED = "quot|amp|lt|gt|nbsp|apos|lsquo|rsquo|ldquo|rdquo|ndash|mdash|hellip|eacute"
_HUB_SOURCE = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(@\S+)?")
_APOSTROPHE = re.compile(r" ?&?#0*(?:39|145|146|8216|8217);")
_ENTITY = re.compile(rf"(?<![\w&])&?(#\d{{2,5}}|{_NAMED});|&({_NAMED});")
_TAG = re.compile(
    r"</?(?:a|b|i|u|p|br|em|font|strong|img|div|span|table|tr|td|li|ul|h\d)\b[^<>]*(?:>|$)",
    re.IGNORECASE,
)


def clean(text: str) -> str:
    r"""The text without AG News' HTML remains (`#39;`, `\`, `&lt;b&gt;`); text with none comes back unchanged.

    The data set lost the `&` of most entities and turned line breaks into backslashes.
    """
    mended = _APOSTROPHE.sub("'", text)
    mended = _ENTITY.sub(lambda found: html.unescape(f"&{found[1] or found[2]};"), mended)
    mended = _TAG.sub(" ", mended).replace("\\", " ").replace("\xa0", " ")
    return text if mended == text else " ".join(mended.split())


@dataclass(frozen=True)
class Row:
    """One labelled article: `views` holds the texts that survived, cleaned."""

    label: int
    views: dict[View, str]


def read(source: str) -> tuple[list[Row], list[str]]:
    """Training rows of a folder, or else of the hub data set OWNER/NAME[@REVISION], and lines saying what was read.

    Raises:
        SourceError: `source` is neither, or the hub's data set cannot be had or used.
        FileNotFoundError: the folder holds no `train*.csv`.
        ValueError: one of its files is malformed.
    """
    folder = Path(source).expanduser()
    if folder.is_dir():
        return read_folder(folder)
    if not _HUB_SOURCE.fullmatch(source):
        raise SourceError(
            f"{source!r} is neither a folder nor a hub data set's id; check the spelling, and give a folder with "
            "AG News' train*.csv, or OWNER/NAME, such as fancyzhx/ag_news"
        )
    try:
        from modeling import hub_data  # huggingface_hub and pyarrow: half a second
    except ImportError as error:
        raise SourceError(f"a hub data set needs the training packages: pip install -e '.[train]' ({error})") from error
    return hub_data.read(source)


def read_or_exit(source: str) -> tuple[list[Row], list[str]]:
    """What `read` returns; its errors end the program in one line. For command lines."""
    try:
        return read(source)
    except (SourceError, OSError, ValueError) as error:
        raise SystemExit(f"error: {error}") from error


def read_folder(folder: Path) -> tuple[list[Row], list[str]]:
    """Training rows of `folder`, and a line per file saying what was read.

    Reads every `train*.csv` (class, title, description; or class, text, kind). Rows that share a text with
    `test.csv`, where that is present, are left out, so the test split stays unseen.

    Raises:
        FileNotFoundError: the folder holds no `train*.csv`.
    """
    paths = sorted(folder.glob("train*.csv"))
    if not paths:
        raise FileNotFoundError(f"no train*.csv in {folder}: expected AG News rows (class, title, description)")
    test = folder / "test.csv"
    seen = keys(read_csv(test)) if test.exists() else set[str]()
    rows, notes = [], []
    for path in paths:
        found = read_csv(path)
        kept = without(found, seen)
        rows += kept
        notes.append(f"{path.name}: {len(found):,} rows, {len(found) - len(kept)} left out as also in test.csv")
    return rows, notes


def read_csv(path: Path) -> list[Row]:
    """The rows of one AG News CSV file, in file order. Raises ValueError, naming the line, for a malformed one."""
    with path.open(encoding="utf-8", newline="") as lines:
        return [_row(fields, f"{path}:{number}") for number, fields in enumerate(csv.reader(lines), 1)]


def _row(fields: Sequence[str], where: str) -> Row:
    if len(fields) != 3 or fields[0] not in {"1", "2", "3", "4"}:
        raise ValueError(f"{where}: expected class 1-4 and two texts, found {len(fields)} columns: {fields[:1]}")
    label, first, second = int(fields[0]) - 1, clean(fields[1]), fields[2]
    for kind in VIEWS:
        if second == kind:
            return Row(label, {kind: first})
    description = clean(second)
    return Row(label, {"title": first, "full": joined(first, description), "description": description})


def key(text: str) -> str:
    """What makes two texts the same for leak checks: letters and digits, lower case."""
    return "".join(character for character in text.lower() if character.isalnum())


def digest(rows: Sequence[Row]) -> str:
    """The sha256 of the rows' labels and texts, in order."""
    return hashlib.sha256(repr([(row.label, sorted(row.views.items())) for row in rows]).encode()).hexdigest()


def keys(rows: Iterable[Row]) -> set[str]:
    """The keys of all texts of `rows`."""
    return {key(text) for row in rows for text in row.views.values()}


def without(rows: Iterable[Row], taken: set[str]) -> list[Row]:
    """The rows none of whose texts has a key in `taken`."""
    return [row for row in rows if not any(key(text) in taken for text in row.views.values())]


def views_of(rows: Sequence[Row]) -> tuple[View, ...]:
    """Which of the MEASURED views all `rows` have."""
    return tuple(view for view in MEASURED if all(view in row.views for row in rows))


def split(rows: Sequence[Row], held_out: int, seed: int) -> tuple[list[Row], list[Row]]:
    """(training, validation): `held_out` complete rows, as many of each class; no text in both parts.

    Where no row is complete, as in the hub's data set, the held-out rows are full texts.
    """
    complete = [row for row in rows if "title" in row.views and "full" in row.views]
    order = complete or [row for row in rows if "full" in row.views]
    random.Random(seed).shuffle(order)
    validation = [
        row for label in range(len(LABELS)) for row in [r for r in order if r.label == label][: held_out // len(LABELS)]
    ]
    return without(rows, keys(validation)), validation


def sample_views(rows: Iterable[Row], weights: dict[View, float], seed: int) -> list[View]:
    """For each row the view to train on in this epoch: at random by weight among the views it has."""
    chance = random.Random(seed)
    return [
        next(iter(row.views))
        if len(row.views) == 1
        else chance.choices(list(row.views), [weights[view] for view in row.views])[0]
        for row in rows
    ]
