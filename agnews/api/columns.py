"""The columns of a table, or keys of an object, that hold a text, its description and its id.

Case and blanks in names are ignored. `headline` is tried before `title`, and `title` before `text`: where a row has
several, as in Hacker News' API, the text is an article, and only its headline is read.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agnews.errors import InputError

TEXT_KEYS = ("headline", "title", "text")
"""In the order in which they are tried."""
MAX_NAMES_SHOWN = 20
MAX_NAME_CHARS_SHOWN = 40


class ColumnNames(NamedTuple):
    """The columns that the caller named; None for those with their usual name."""

    text: str | None = None
    description: str | None = None
    id: str | None = None


class Columns(NamedTuple):
    """The indices of the columns that are used; None for those that are missing."""

    texts: tuple[int, ...]
    """In the order in which they are tried."""
    description: int | None
    id: int | None


def find_columns(owner: str, header: Sequence[str], names: ColumnNames) -> Columns:
    """Return which columns hold what. Raises InputError, whose message begins with `owner`, if two names are alike."""
    places = places_of(header)

    def find(usual: str, named: str | None = None) -> int | None:
        if named is not None and header.count(named) == 1:
            return header.index(named)
        return only_place(owner, header, places, usual if named is None else plain_name(named))

    texts = [find(key) for key in TEXT_KEYS] if names.text is None else [find("text", names.text)]
    return Columns(
        tuple(index for index in texts if index is not None),
        find("description", names.description),
        find("id", names.id),
    )


def places_of(header: Sequence[str]) -> dict[str, list[int]]:
    """Return the indices of the columns by their plain name."""
    places: dict[str, list[int]] = {}
    for index, name in enumerate(header):
        places.setdefault(plain_name(name), []).append(index)
    return places


def only_place(owner: str, header: Sequence[str], places: Mapping[str, Sequence[int]], wanted: str) -> int | None:
    """Return the index of the plain name that is wanted, None if there is none. Raises InputError if there are two."""
    indices = places.get(wanted, ())
    if len(indices) > 1:
        shown = " and ".join(repr(header[index]) for index in indices)
        raise InputError(f"{owner} has {len(indices)} columns {wanted!r} ({shown}); rename all but one")
    return indices[0] if indices else None


def key_of(source: Mapping[str, object], wanted: str) -> str | None:
    """Return the key with this plain name, None if there is none. Raises InputError if there are two."""
    keys = tuple(source)
    index = only_place("the request", keys, places_of(keys), wanted)
    return None if index is None else keys[index]


def plain_name(name: str) -> str:
    """Return a name without blanks and in lower case."""
    return "".join(name.split()).lower()


def missing_column(owner: str, header: Sequence[str], name: str, option: str = "") -> InputError:
    """Return the error that lists the columns; `option` is the command-line option that names another one."""
    limit = MAX_NAME_CHARS_SHOWN
    shown = header[:MAX_NAMES_SHOWN]
    columns = [column if len(column) <= limit else column[: limit - 1] + "…" for column in shown]
    rest = len(header) - MAX_NAMES_SHOWN
    more = f" and {rest:,} more" if rest > 0 else ""
    remedy = f"; name one with {option}" if option else ""
    listed = f"its columns are {', '.join(map(repr, columns))}{more}" if columns else "it has none"
    return InputError(f"{owner} has no column {name}; {listed}{remedy}")
