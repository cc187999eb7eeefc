"""Run the trial, and write results/trust.json. An interrupted run goes on where it was.

python -m benchmarks.trust [--parts NAME …] [--share 0.01] [--seed 1] [--fresh]
"""

import argparse
import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.record import RESULTS, record
from benchmarks.trust import connections, damage, deadlines, fuzz, queues, signals, soak
from benchmarks.trust.ledger import STATE, Ledger, Part

PARTS: tuple[Part, ...] = (
    *fuzz.PARTS,
    connections.PART,
    damage.PART,
    signals.PART,
    queues.PART,
    deadlines.PART,
    soak.PART,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line that the module's docstring describes. Returns 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [part.name for part in PARTS]
    parser.add_argument("--parts", nargs="+", choices=names, default=names, metavar="NAME", help=" ".join(names))
    parser.add_argument("--share", type=float, default=1.0, help="of the inputs; default: all")
    parser.add_argument("--seed", type=int, default=1, help="of the first batch; default: %(default)s")
    parser.add_argument("--fresh", action="store_true", help="begin anew")
    parser.add_argument("--state", type=Path, default=STATE, help="default: build/trust")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where trust.json goes")
    options = parser.parse_args(arguments)
    parts = [part for part in PARTS if part.name in options.parts]
    if options.fresh:
        for part in parts:
            (options.state / f"{part.name}.json").unlink(missing_ok=True)
    ledgers = {part.name: Ledger(part, options.state) for part in PARTS}
    logging.disable(logging.WARNING)  # of what was done on purpose
    print(forecast([ledgers[part.name] for part in parts], options.share))
    for part in parts:
        ledgers[part.name].go_on(max(1, round(part.total * options.share)), options.seed)
    figures = summary(list(ledgers.values()))
    print(record("trust", figures, options.results))
    return 1 if any(part["failures"] for part in figures["parts"].values()) else 0


def forecast(ledgers: Sequence[Ledger], share: float) -> str:
    """Return how long the run will take, by the seconds that the latest results took."""
    path = RESULTS / "trust.json"
    known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["parts"] if path.exists() else {}
    seconds = 0.0
    for ledger in ledgers:
        left = max(0.0, ledger.part.total * share - ledger.state["inputs"])
        latest = known.get(ledger.part.name, {"seconds": 0, "inputs": 1})
        seconds += left * latest["seconds"] / latest["inputs"]
    names = ", ".join(ledger.part.name for ledger in ledgers)
    pace = f"about {seconds / 60:,.0f} minutes at the pace of results/{path.name}" if known else "hours at most"
    return f"{names}: {pace}; the state is in {ledgers[0].path.parent}, so an interrupted run goes on"


def summary(ledgers: Sequence[Ledger]) -> dict[str, Any]:
    """Return what each part that was begun has come to."""
    return {
        "parts": {
            ledger.part.name: {"title": ledger.part.title, **ledger.state}
            | {"seeds": [min(ledger.state["seeds"]), max(ledger.state["seeds"])]}
            for ledger in ledgers
            if ledger.state["seeds"]
        }
    }


if __name__ == "__main__":
    raise SystemExit(main())
