"""A port for a process that cannot choose one itself."""

import random
import socket
from contextlib import suppress


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that was free a moment ago, below those that Linux gives to connections itself."""
    while True:
        port = random.SystemRandom().randrange(15_000, 32_768)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
