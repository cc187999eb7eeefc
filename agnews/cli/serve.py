"""`agnews serve`: the handler behind a local Lambda Invoke API."""

import argparse

from agnews.cli.local import server


def serve(arguments: argparse.Namespace) -> int:
    """0 once the server was stopped."""
    server.serve(arguments.host, arguments.port, arguments.timeout)
    return 0
