"""The columns of a file that hold the text, its description and its id."""

from collections.abc import Sequence
from dataclasses import dataclass

from agnews.api.request import DEFAULT_COLUMNS, TEXT_KEYS, Columns
from agnews.errors import InputError

MAX_COLUMNS_SHOWN = 20
MAX_NAME_CHARS_SHOWN = 40


@dataclass(frozen=True)
class ColumnNames:
    """The columns that the user named; None for those with their usual name."""

    text: str | None = None
    description: str | None = None
    id: str | None = None

    def columns(self) -> Columns:
        """Return the keys of JSON objects, any of which may be missing."""
        return Columns(self.text, self.description or DEFAULT_COLUMNS.description, self.id or DEFAULT_COLUMNS.id)


def find_columns(file: str, header: Sequence[str], names: ColumnNames) -> dict[str, int]:
    """Return the indices of `text` and, where `header` has them, of `description` and `id`.

    Raises:
        InputError: the text or a named column is missing; the message lists the columns.
    """
    candidates = {
        "text": (names.text, TEXT_KEYS),
        "description": (names.description, ("description",)),
        "id": (names.id, ("id",)),
    }
    indices = {key: find_column(file, header, name, usual) for key, (name, usual) in candidates.items()}
    if indices["text"] is None:
        raise _missing(file, header, " or ".join(map(repr, TEXT_KEYS)))
    return {key: index for key, index in indices.items() if index is not None}


def find_column(file: str, header: Sequence[str], name: str | None, usual: Sequence[str]) -> int | None:
    """Return the index of column `name`, or without a name of the first of the `usual` ones; None if there is none.

    An exact match wins over one that differs in case.

    Raises:
        InputError: the named column is missing, or several columns match.
    """
    folded = [column.strip().lower() for column in header]
    for key in usual if name is None else (name,):
        exact = [index for index, column in enumerate(header) if column == key]
        matches = exact or [index for index, column in enumerate(folded) if column == key.strip().lower()]
        if len(matches) > 1:
            raise InputError(f"{file} has {len(matches)} columns {key!r}; rename all but one")
        if matches:
            return matches[0]
    if name is not None:
        raise _missing(file, header, repr(name))
    return None


def _missing(file: str, header: Sequence[str], name: str) -> InputError:
    limit = MAX_NAME_CHARS_SHOWN
    columns = [column if len(column) <= limit else column[: limit - 1] + "…" for column in header[:MAX_COLUMNS_SHOWN]]
    rest = len(header) - MAX_COLUMNS_SHOWN
    more = f" and {rest:,} more" if rest > 0 else ""
    return InputError(f"{file} has no column {name}; its columns are {', '.join(map(repr, columns))}{more}")
