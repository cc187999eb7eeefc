"""The columns of a file, or keys of its objects, that hold the text, its description and its id.

The text is in the column that the user names, or else in the first there is of TEXT_COLUMNS. A title stands before a
text, because a file that has both has headlines as titles and articles as texts. Names ignore case and blanks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from agnews.errors import InputError

TEXT_COLUMNS = ("headline", "title", "text")
MAX_COLUMNS_SHOWN = 20
MAX_NAME_CHARS_SHOWN = 40


@dataclass(frozen=True)
class ColumnNames:
    """The columns that the user named; None for those with their usual name."""

    text: str | None = None
    description: str | None = None
    id: str | None = None


def find_columns(file: str, header: Sequence[str], names: ColumnNames) -> dict[str, int]:
    """Return the indices of `text` and, where `header` has them, of `description` and `id`.

    Raises:
        InputError: the text or a named column is missing; the message lists the columns.
    """
    indices = {
        "text": find_column(file, header, names.text, TEXT_COLUMNS, "--column"),
        "description": find_column(file, header, names.description, ("description",), "--description-column"),
        "id": find_column(file, header, names.id, ("id",), "--id-column"),
    }
    if indices["text"] is None:
        raise missing_column(file, header, " or ".join(map(repr, TEXT_COLUMNS)), "--column")
    return {key: index for key, index in indices.items() if index is not None}


def find_column(
    file: str, header: Sequence[str], name: str | None, usual: Sequence[str], option: str = ""
) -> int | None:
    """Return the index of column `name`, or without a name of the first of the `usual` ones; None if there is none.

    A column that is named exactly wins over those that differ in case or blanks.

    Raises:
        InputError: the named column is missing (`option` names another), or several columns match.
    """
    if name is not None and header.count(name) == 1:
        return header.index(name)
    plain_names = [plain_name(column) for column in header]
    for key in usual if name is None else (name,):
        matches = [index for index, column in enumerate(plain_names) if column == plain_name(key)]
        if len(matches) > 1:
            shown = " and ".join(repr(header[index]) for index in matches)
            raise InputError(f"{file} has {len(matches)} columns {key!r} ({shown}); rename all but one")
        if matches:
            return matches[0]
    if name is not None:
        raise missing_column(file, header, repr(name), option)
    return None


def plain_name(name: str) -> str:
    """Return a name without blanks and in lower case."""
    return "".join(name.split()).lower()


def other_text_columns(header: Sequence[str], chosen: str) -> list[str]:
    """Return the columns beside the chosen one that could hold the text as well."""
    return [name for name in header if name != chosen and plain_name(name) in TEXT_COLUMNS]


def missing_column(file: str, header: Sequence[str], name: str, option: str) -> InputError:
    """Return the error that lists the columns there are."""
    limit = MAX_NAME_CHARS_SHOWN
    columns = [column if len(column) <= limit else column[: limit - 1] + "…" for column in header[:MAX_COLUMNS_SHOWN]]
    rest = len(header) - MAX_COLUMNS_SHOWN
    more = f" and {rest:,} more" if rest > 0 else ""
    remedy = f"; name one with {option}" if option else ""
    return InputError(f"{file} has no column {name}; its columns are {', '.join(map(repr, columns))}{more}{remedy}")
