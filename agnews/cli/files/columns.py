"""The columns of a file, or keys of its objects, that are used, with errors that name the option for each."""

from collections.abc import Sequence

from agnews.api.columns import (
    TEXT_KEYS,
    ColumnNames,
    Columns,
    find_columns,
    missing_column,
    only_place,
    places_of,
    plain_name,
)

NO_NAMES = ColumnNames()
COLUMN_OPTIONS = ColumnNames("--column", "--description-column", "--id-column")


def file_columns(file: str, header: Sequence[str], names: ColumnNames) -> Columns:
    """Return the columns of a file.

    Raises:
        InputError: the text or a named column is missing; the message lists the columns.
    """
    check_names(file, header, names)
    columns = find_columns(file, header, names)
    if not columns.texts:
        raise missing_column(file, header, " or ".join(map(repr, TEXT_KEYS)), COLUMN_OPTIONS.text or "")
    return columns


def check_names(file: str, header: Sequence[str], names: ColumnNames) -> None:
    """Raise InputError if a named column is missing."""
    plain_names = set(map(plain_name, header))
    for name, option in zip(names, COLUMN_OPTIONS, strict=True):
        if name is not None and plain_name(name) not in plain_names:
            raise missing_column(file, header, repr(name), option or "")


def find_column(file: str, header: Sequence[str], name: str | None, usual: Sequence[str], option: str) -> int | None:
    """Return the index of column `name`, or without a name of the first of the `usual` ones; None if there is none.

    A column that is named exactly wins over those that differ in case or spaces.

    Raises:
        InputError: the named column is missing (`option` names another), or several columns match.
    """
    if name is not None and header.count(name) == 1:
        return header.index(name)
    places = places_of(header)
    for key in usual if name is None else (name,):
        index = only_place(file, header, places, plain_name(key))
        if index is not None:
            return index
    if name is not None:
        raise missing_column(file, header, repr(name), option)
    return None


def text_notes(names: Sequence[str]) -> list[str]:
    """Return which of several columns holds the text, for the summary; `names` are in the order they are tried."""
    if len(names) < 2:
        return []
    return [f"the text is column {names[0]!r}, not {' or '.join(map(repr, names[1:]))}; --column chooses another"]
