"""Results as Markdown: what the tables have in common."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
Results = dict[str, Any]
MACHINE = "speed/intel_xeon/"
"""The folder of the machine that the documents quote where they name none."""


def results(name: str) -> Results:
    """Return what results/NAME.json holds."""
    content: Results = json.loads((ROOT / "results" / f"{name}.json").read_text(encoding="utf-8"))
    return content


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table."""
    columns = list(head)
    lines = [columns, ["---"] * len(columns), *([str(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def percent(shares: Iterable[float], digits: int = 1) -> str:
    """Return shares as percentages, as in "86.5% to 93.9%"."""
    return " to ".join(f"{share:.{digits}%}" for share in shares)
