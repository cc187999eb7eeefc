"""Which columns of a file hold the text, its description and its id."""

from collections.abc import Sequence
from dataclasses import dataclass

from agnews.api.request import TEXT_KEYS, USUAL_COLUMNS, Columns
from agnews.errors import InputError


@dataclass(frozen=True)
class Names:
    """The columns that a caller named. None: the usual name, where there is one."""

    text: str | None = None
    description: str | None = None
    id: str | None = None

    def columns(self) -> Columns:
        """The same for objects, in which any key may be missing."""
        return Columns(self.text, self.description or USUAL_COLUMNS.description, self.id or USUAL_COLUMNS.id)


def find_columns(name: str, header: Sequence[str], names: Names) -> dict[str, int]:
    """Where text, description and id stand in `header`. Raises InputError, listing the columns, without a text."""
    usual = {"text": (names.text, TEXT_KEYS), "description": (names.description, ("description",))}
    usual["id"] = (names.id, ("id",))
    places = {key: find_column(name, header, wanted, known) for key, (wanted, known) in usual.items()}
    if places["text"] is None:
        raise _no_column(name, header, " or ".join(map(repr, TEXT_KEYS)))
    return {key: place for key, place in places.items() if place is not None}


def find_column(name: str, header: Sequence[str], wanted: str | None, usual: Sequence[str]) -> int | None:
    """Where the wanted column stands, or else the first of the usual ones; upper and lower case are the same.

    Raises:
        InputError: the wanted one is missing, or a name stands for several columns.
    """
    plain = [column.strip().lower() for column in header]
    for key in usual if wanted is None else (wanted,):
        exact = [place for place, column in enumerate(header) if column == key]
        places = exact or [place for place, column in enumerate(plain) if column == key.strip().lower()]
        if len(places) > 1:
            raise InputError(f"{name} has {len(places)} columns {key!r}; rename all but one")
        if places:
            return places[0]
    if wanted is not None:
        raise _no_column(name, header, repr(wanted))
    return None


def _no_column(name: str, header: Sequence[str], wanted: str) -> InputError:
    shown = ", ".join(repr(column if len(column) <= 40 else column[:39] + "…") for column in header[:20])
    more = f" and {len(header) - 20:,} more" if len(header) > 20 else ""
    return InputError(f"{name} has no column {wanted}; its columns are {shown}{more}")
