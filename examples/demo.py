"""The script of `make demo`: start a local function, send it one headline and a list, and show its page's address."""

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
HEADLINES = ROOT / "examples" / "headlines.txt"
HEADLINE = "Central bank holds rates as inflation cools"


def main() -> None:
    """Start `agnews serve` on a free port and print its answers. On a terminal it then serves until Ctrl-C."""
    command = [sys.executable, "-m", "agnews", "serve", "--port", "0"]
    with (
        tempfile.TemporaryFile("w+") as log,  # a pipe would fill up while the page is in use
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as server,  # noqa: S603 (fixed)
    ):
        assert server.stdout is not None
        address = re.match(r"Serving (http://\S+)", server.stdout.readline())
        if address is None:
            server.wait()
            log.seek(0)
            raise SystemExit(f"agnews serve did not start:\n{log.read()}")
        try:
            show_answers(f"{address[1]}/2015-03-31/functions/function/invocations")
            if sys.stdout.isatty():
                print(f"Try it in a browser: {address[1]}/ (Ctrl-C stops it)", flush=True)
                server.wait()
        except KeyboardInterrupt:
            print()
        finally:
            server.terminate()
    agnews = os.path.relpath(Path(sys.executable).with_name("agnews"))
    print(f'Next: {agnews} classify "Your headline", or for the page: {agnews} serve')


def show_answers(url: str) -> None:
    """Invoke the function at `url` with one headline and with a list, and print its answers."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # whatever the locale
    console = Console()
    console.print(f"[bold]One headline[/bold], sent to {url}")
    console.print_json(data=invoke_url(url, {"text": HEADLINE, "top_k": 4}))
    texts = HEADLINES.read_text(encoding="utf-8").splitlines()
    table = Table(title=f"{len(texts)} headlines from {HEADLINES.relative_to(ROOT)}, sent as one event")
    for column in ("Topic", "Score", "Headline"):
        table.add_column(column, justify="right" if column == "Score" else "left")
    for text, prediction in zip(texts, invoke_url(url, texts)["predictions"], strict=True):
        table.add_row(str(prediction["label"]), f"{prediction['score']:.3f}", text)
    console.print(table)


def invoke_url(url: str, event: object) -> dict[str, list[dict[str, str | float]]]:
    """Return the function's answer to `event`."""
    with urllib.request.urlopen(url, json.dumps(event).encode()) as response:  # noqa: S310 # nosec B310 # our URL
        answer: dict[str, list[dict[str, str | float]]] = json.load(response)
    return answer


if __name__ == "__main__":
    main()
