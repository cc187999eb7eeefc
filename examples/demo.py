"""What `make demo` shows: a local Lambda, one headline and a list of them through its Invoke API, and its page."""

import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "examples" / "headlines.txt"
ONE = "Central bank holds rates as inflation cools"


def main() -> None:
    """Starts `agnews serve` on a free port, invokes it twice and prints the answers; on a terminal, Ctrl-C stops it."""
    command = [sys.executable, "-m", "agnews", "serve", "--port", "0"]
    with (
        tempfile.TemporaryFile("w+") as log,  # a pipe would fill up while the page is looked at
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as server,  # noqa: S603 (fixed)
    ):
        assert server.stdout is not None
        address = re.match(r"Serving (http://\S+)", server.stdout.readline())
        if address is None:
            server.wait()
            log.seek(0)
            raise SystemExit(f"agnews serve did not start:\n{log.read()}")
        try:
            show(f"{address[1]}/2015-03-31/functions/function/invocations")
            if sys.stdout.isatty():
                print(f"The page is at {address[1]}/ (Ctrl-C stops it)", flush=True)
                server.wait()
        except KeyboardInterrupt:
            print()
        finally:
            server.terminate()
    agnews = os.path.relpath(Path(sys.executable).with_name("agnews"))
    print(f'Next: {agnews} classify "Your headline", or for the page: {agnews} serve')


def show(url: str) -> None:
    """Invokes the function at `url` and prints what it answers."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # whatever the locale says
    console = Console()
    console.print(f"[bold]One headline[/bold] to {url}")
    console.print_json(data=invoke(url, {"text": ONE, "top_k": 4}))
    texts = LIST.read_text(encoding="utf-8").splitlines()
    table = Table(title=f"{len(texts)} headlines from {LIST.relative_to(ROOT)}, one event")
    for column in ("Topic", "Score", "Headline"):
        table.add_column(column, justify="right" if column == "Score" else "left")
    for text, answer in zip(texts, invoke(url, texts)["predictions"], strict=True):
        table.add_row(str(answer["label"]), f"{answer['score']:.3f}", text)
    console.print(table)


def invoke(url: str, event: object) -> dict[str, list[dict[str, str | float]]]:
    """The function's answer to `event`."""
    with urllib.request.urlopen(url, json.dumps(event).encode()) as answer:  # noqa: S310 (the URL is ours)
        found: dict[str, list[dict[str, str | float]]] = json.load(answer)
    return found


if __name__ == "__main__":
    main()
