"""`agnews serve`: run the handler on this machine."""

import argparse

from agnews.cli.local import server


def serve(arguments: argparse.Namespace) -> int:
    """Run the command. Returns 0 once the server has been stopped."""
    server.run_server(arguments.host, arguments.port, arguments.timeout)
    return 0
