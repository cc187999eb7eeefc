"""What a run of `agnews classify` counts and reports on stderr."""

from collections.abc import Sequence
from dataclasses import dataclass

from agnews.cli.console import say
from agnews.cli.files.writers import AnsweredRow, notes_on

MAX_ERRORS_REPORTED = 20
"""Rows whose error is printed; later ones are only counted."""
MAX_NOTES = 5
"""Notes about how the file was read that are printed; later ones are only counted."""
_WINDOWS_1252 = {
    ord(character): byte for byte in range(0x80, 0xA0) for character in bytes([byte]).decode("cp1252", "ignore")
}
"""The bytes below 0xA0 by the characters that Windows-1252 has for them."""


@dataclass
class Tally:
    """The rows answered so far, how many of them failed or are damaged, and the line of the last one."""

    rows: int = 0
    failed: int = 0
    lossy: int = 0
    """Texts with U+FFFD."""
    misdecoded: int = 0
    """Texts in UTF-8 that were read as Windows-1252."""
    unfamiliar: int = 0
    """Texts unlike English."""
    line: int = 0

    def add(self, answered: Sequence[AnsweredRow], name: str) -> None:
        """Count the rows, and print the errors of the first MAX_ERRORS_REPORTED with their line numbers."""
        for row in answered:
            if "error" in row.answer:
                self.failed += 1
                if self.failed <= MAX_ERRORS_REPORTED:
                    say(f"{name}:{row.row.line}: {notes_on(row.answer)[0]}")
                continue
            self.unfamiliar += row.answer.get("unfamiliar", False)
            if row.text is not None and not row.text.isascii():
                self.lossy += "\ufffd" in row.text
                self.misdecoded += is_misdecoded(row.text)
        self.rows += len(answered)
        self.line = answered[-1].row.line

    def summarise(self, name: str, notes: Sequence[str], header: Sequence[str] = ()) -> int:
        """Print the notes, what is damaged and how many rows failed, and return the exit status.

        `header` has the columns of a file that has some.
        """
        if not self.rows:
            below = f" below its header {','.join(header)[:60]!r}" if header else ""
            say(f"{name} has no headlines{below}")
        for note in notes[:MAX_NOTES]:
            say(f"{name}: {note}")
        if len(notes) > MAX_NOTES:
            say(f"… and {len(notes) - MAX_NOTES:,} more notes")
        if self.lossy:
            say(f"{self.lossy:,} of {self.rows:,} texts have U+FFFD where an earlier conversion lost a character")
        if self.misdecoded:
            say(
                f"{self.misdecoded:,} of {self.rows:,} texts are UTF-8 that was read as Windows-1252 (Ã© for é); "
                "they were classified as they are"
            )
        if self.unfamiliar:
            say(f"{self.unfamiliar:,} of {self.rows:,} texts are unlike English (unfamiliar); their topics mean little")
        if self.failed > MAX_ERRORS_REPORTED:
            say(f"… and {self.failed - MAX_ERRORS_REPORTED:,} more")
        if self.failed:
            say(f"{self.failed:,} of {self.rows:,} rows could not be answered")
        return 1 if self.failed else 0


def is_misdecoded(text: str) -> bool:
    """Return whether a text was in UTF-8 and read as Windows-1252: as such it is UTF-8 again."""
    try:
        return text.translate(_WINDOWS_1252).encode("latin-1").decode() != text
    except UnicodeError:
        return False
