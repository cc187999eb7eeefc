"""Lines of a byte stream as they arrive, each with its number and, if it cannot be used, its error."""

import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from agnews.cli.files.decoding import CHUNK_BYTES, likely_encoding, utf8_chunks
from agnews.errors import InputError, LimitError

MAX_LINE_BYTES = 4 * 1024 * 1024
"""100,000 characters are 1.2 MB when JSON escapes every one of them; a longer line is not a headline."""
ENCODING_REMEDY = "add --encoding {}"
UTF_8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Line:
    """One line of text."""

    number: int
    """From 1."""
    text: str
    """Decoded, with its line end; with replacement characters where it is not UTF-8, and empty if it is too long."""
    end: int
    """Bytes of the stream up to the end of the line."""
    error: InputError | None
    """Why the line cannot be used."""
    begins_file: bool = False
    """Whether a byte order mark came before it, as at the beginning of each of several concatenated files."""


def always_ready() -> bool:
    """Return True: the next bytes of a file are always there."""
    return True


class Lines:
    """The lines of UTF-8 chunks. CR, LF and CRLF each end a line."""

    def __init__(
        self,
        chunks: Iterator[bytes],
        ready: Callable[[], bool] = always_ready,
        encoding: str = "UTF-8",
        encoding_remedy: str = ENCODING_REMEDY,
    ) -> None:
        """Read `chunks` when needed; `ready` returns whether the next one is there, `encoding` is the text's own.

        `encoding_remedy` is what to do about text in the encoding `{}`.
        """
        self._chunks = chunks
        self._ready = ready
        self.encoding = encoding
        self._encoding_remedy = encoding_remedy
        self._lines: deque[Line] = deque()
        self._rest = b""
        self._dropped = 0
        """Bytes of a line that is too long to be kept."""
        self._number = self._end = 0
        self._ended = False
        self._chunk = b""
        self._hint: str | None = None

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> Line:
        if not self.peek():
            raise StopIteration
        return self._lines.popleft()

    def beginning(self) -> str:
        """Return the next line that is not blank, or the beginning of a long one; empty if none has arrived."""
        while not self._lines and not self._ended and len(self._rest) < CHUNK_BYTES:
            self._read()
        lines = (line.text for line in self._lines if line.text.strip())
        return next(lines, self._rest.decode(errors="ignore").lstrip("\ufeff"))

    def is_only_line(self) -> bool:
        """Return whether no line has text but the one that `beginning` returns, reading on until that is clear."""
        while not self._ended and self._filled_lines() < 2 and len(self._rest) < CHUNK_BYTES:
            self._read()
        return self._filled_lines() < 2

    def _filled_lines(self) -> int:
        return sum(bool(line.text.strip()) for line in self._lines) + bool(self._rest.strip())

    def remainder(self) -> str:
        """Read and return all of the text, however long its lines are.

        Raises:
            InputError: a line cannot be used.
        """
        for line in self._lines:
            if line.error:
                raise line.error
        raw = b"".join([self._rest, *self._chunks])
        self._ended = True
        try:
            return "".join([*(line.text for line in self._lines), raw.decode().lstrip("\ufeff")])
        except UnicodeDecodeError as error:
            raise self._not_decoded(raw, error.start) from error

    def peek(self) -> Sequence[Line]:
        """Return the lines that are next and have arrived; none only at the end."""
        while not self._lines and not self._ended:
            self._read()
        return self._lines

    def idle(self) -> bool:
        """Return whether the next line has yet to arrive."""
        while not self._lines and not self._ended and self._ready():
            self._read()
        return not self._lines and not self._ended

    def _read(self) -> None:
        chunk = next(self._chunks, None)
        self._ended = chunk is None
        self._chunk = self._rest + (chunk or b"")
        pieces = self._chunk.splitlines(keepends=True)
        # A CR at the end may be half of a CRLF.
        incomplete = pieces and not self._ended and not pieces[-1].endswith(b"\n")
        self._rest = pieces.pop() if incomplete else b""
        self._lines.extend(map(self._line, pieces))
        if len(self._rest) > MAX_LINE_BYTES:
            self._dropped += len(self._rest) - 1
            self._rest = self._rest[-1:]

    def _line(self, raw: bytes) -> Line:
        size = len(raw) + self._dropped
        self._number += 1
        self._end += size
        self._dropped = 0
        if size > MAX_LINE_BYTES:
            return Line(self._number, "", self._end, LimitError(f"the line is longer than {MAX_LINE_BYTES:,} bytes"))
        begins_file = raw.startswith(UTF_8_BOM)
        while raw.startswith(UTF_8_BOM):
            raw = raw.removeprefix(UTF_8_BOM)
        try:
            text, error = raw.decode(), None
        except UnicodeDecodeError as problem:
            text, error = raw.decode(errors="replace"), self._not_decoded(raw, problem.start)
        if error is None and "\0" in text:
            error = InputError("the line contains a NUL byte, so it is not text; save the file as UTF-8 text")
        return Line(self._number, text, self._end, error, begins_file)

    def _not_decoded(self, raw: bytes, start: int) -> InputError:
        if self._hint is None:
            likely = likely_encoding(self._chunk or raw) if self.encoding == "UTF-8" else None
            self._hint = (
                f"it looks like {likely}: if it is, {self._encoding_remedy.format(likely)}"
                if likely
                else f"save it as UTF-8, or {self._encoding_remedy.format('ENCODING')}"
            )
        return InputError(f"the line is not {self.encoding} (byte {start + 1} of it); {self._hint}")


def read_lines(
    stream: io.BufferedReader,
    name: str = "the input",
    encoding: str | None = None,
    ready: Callable[[], bool] = always_ready,
    encoding_remedy: str = ENCODING_REMEDY,
) -> Lines:
    """Return the lines of a binary stream, decompressed, and decoded from UTF-8, UTF-16, UTF-32 or `encoding`.

    Errors begin with `name`; `ready` returns whether reading the stream would not have to wait.

    Raises:
        InputError: the stream is not text.
    """
    chunks, codec = utf8_chunks(stream, name, encoding)
    return Lines(chunks, ready, codec, encoding_remedy)
