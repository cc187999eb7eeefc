"""Lines out of a pipe or a terminal as they arrive, so that `tail -f news.txt | agnews classify` answers at once."""

import os
import select
from collections import deque

READ_BYTES = 64 * 1024


class Arrivals:
    """A descriptor's lines. Unlike `io.BufferedReader`, it can say whether the next one is there."""

    def __init__(self, descriptor: int, most: int) -> None:
        """Holds no more than about `most` bytes of one line."""
        self._descriptor = descriptor
        self._most = most
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._ended = False

    def readline(self, size: int) -> bytes:
        """The next line with its end, waited for; no more than about `size` bytes of it; b"" at the end."""
        while not self._lines and len(self._rest) < min(size, self._most) and not self._ended:
            self._read()
        if self._lines:
            return self._lines.popleft()
        line, self._rest = self._rest[:size], self._rest[size:]
        return line

    def idle(self) -> bool:
        """True if the next line would have to be waited for."""
        while not self._ready() and select.select([self._descriptor], [], [], 0)[0]:
            self._read()
        return not self._ready()

    def _ready(self) -> bool:
        return bool(self._lines) or len(self._rest) >= self._most or self._ended

    def _read(self) -> None:
        part = os.read(self._descriptor, READ_BYTES)
        self._ended = not part
        if b"\n" not in part:
            self._rest += part
            return
        *lines, self._rest = (self._rest + part).split(b"\n")
        self._lines.extend(line + b"\n" for line in lines)
