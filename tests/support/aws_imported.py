"""The AWS CLI v1, imported once: a process listens on a Unix socket and forks for each call.

Run as a program it is that process. A call is its arguments, folder and environment as JSON, with the caller's stdin,
stdout and stderr; the reply is the exit status.
"""

import gc
import io
import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import Any

CALLER = """#!{python} -ISu
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect({address!r})
    socket.send_fds(connection, [b" "], [0, 1, 2])
    call = dict(arguments=sys.argv[1:], folder=os.getcwd(), environment=dict(os.environ))
    connection.sendall(json.dumps(call).encode())
    connection.shutdown(socket.SHUT_WR)
    sys.exit(int(connection.recv(16) or 255))
"""

UNANSWERED = "aws --endpoint-url=http://127.0.0.1:9 --region=us-east-1 --no-sign-request sts get-caller-identity"


@contextmanager
def imported_aws(folder: Path) -> Iterator[Path]:
    """Start the process, and yield a program that does what `aws` does."""
    address, program = folder / "socket", folder / "aws"
    program.write_text(CALLER.format(python=sys.executable, address=str(address)))
    program.chmod(0o755)
    command = [sys.executable, __file__, str(address)]
    alone = os.environ | {"AWS_CONFIG_FILE": os.devnull, "AWS_MAX_ATTEMPTS": "1", "PYTHONUTF8": "1"}
    with subprocess.Popen(command, env=alone, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield program
        finally:
            process.terminate()


def serve(address: str) -> None:
    """Answer calls for ever. Each is a process of its own, which nobody waits for."""
    import awscli.clidriver  # here, because a lean environment has none

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(address)
        server.listen(64)
        sys.argv = UNANSWERED.split()
        with redirect_stderr(io.StringIO()):
            awscli.clidriver.main()  # imports what every call needs
        gc.freeze()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            connection, _ = server.accept()
            if os.fork() == 0:
                server.close()
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                answer(connection)
            connection.close()


def answer(connection: socket.socket) -> None:
    """Run a call, reply with its exit status, and end this process."""
    status: Any = 255
    try:
        become(*received(connection))
        status = sys.modules["awscli.clidriver"].main()
    except SystemExit as end:
        status = end.code
    except BaseException:
        traceback.print_exc()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    connection.sendall(str(status or 0).encode())
    os._exit(0)


def received(connection: socket.socket) -> tuple[Any, list[int]]:
    """Return a call and its three streams."""
    head, streams, _, _ = socket.recv_fds(connection, 1, 3)
    return json.loads(head + b"".join(iter(lambda: connection.recv(65_536), b""))), streams


def become(call: Any, streams: list[int]) -> None:
    """Take the caller's arguments, folder, environment and streams."""
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(call["folder"])
    data = os.environ["AWS_DATA_PATH"]  # awscli sets it when it is imported
    os.environ.clear()
    os.environ.update(call["environment"] | {"AWS_DATA_PATH": data})
    sys.argv = ["aws", *call["arguments"]]


if __name__ == "__main__":
    serve(sys.argv[1])
