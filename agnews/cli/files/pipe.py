"""Lines from a pipe or a terminal as they arrive, so that `tail -f news.txt | agnews classify` answers at once."""

import os
import select
from collections import deque

READ_BYTES = 64 * 1024


class PipeReader:
    """The lines of a file descriptor. Unlike `io.BufferedReader`, it can say whether the next line is there."""

    def __init__(self, descriptor: int, max_line_bytes: int) -> None:
        """Buffer no more than about `max_line_bytes` of one line."""
        self._descriptor = descriptor
        self._max_line_bytes = max_line_bytes
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._ended = False

    def readline(self, size: int) -> bytes:
        """Wait for the next line and return it with its line end, or about `size` bytes of it; b"" at the end."""
        while not self._lines and len(self._rest) < min(size, self._max_line_bytes) and not self._ended:
            self._read()
        if self._lines:
            return self._lines.popleft()
        line, self._rest = self._rest[:size], self._rest[size:]
        return line

    def idle(self) -> bool:
        """Return whether `readline` would have to wait."""
        while not self._ready() and select.select([self._descriptor], [], [], 0)[0]:
            self._read()
        return not self._ready()

    def _ready(self) -> bool:
        return bool(self._lines) or len(self._rest) >= self._max_line_bytes or self._ended

    def _read(self) -> None:
        received = os.read(self._descriptor, READ_BYTES)
        self._ended = not received
        if b"\n" not in received:
            self._rest += received
            return
        *lines, self._rest = (self._rest + received).split(b"\n")
        self._lines.extend(line + b"\n" for line in lines)
