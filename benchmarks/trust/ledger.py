"""What each part of the trial has come to so far: kept in build/trust/, so that an interrupted run can go on."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
STATE = ROOT / "build" / "trust"
MAX_FAILURES = 100
"""A part stops after so many: they have one cause."""
MAX_FAILURE_CHARS = 2_000


class Outcome(NamedTuple):
    """What one batch came to."""

    inputs: int
    faults: int = 0
    """Faults among the inputs that were injected on purpose."""
    failures: tuple[str, ...] = ()
    """What was not answered as documented, in words."""
    figures: Mapping[str, Any] = {}
    """Measurements. Of numbers, the part keeps the highest."""


class Part(NamedTuple):
    """One part of the trial."""

    name: str
    title: str
    """What its inputs are, for the table."""
    total: int
    batch: int
    """Inputs in a batch."""
    run: Callable[[int, int], Outcome]
    """Takes a seed and how many inputs to try."""


class Ledger:
    """One part's state, in a file that is written after each batch."""

    def __init__(self, part: Part, folder: Path = STATE) -> None:
        self.path = folder / f"{part.name}.json"
        self.part = part
        self.state: dict[str, Any] = {
            "inputs": 0,
            "faults": 0,
            "failures": [],
            "seconds": 0.0,
            "seeds": [],
            "commits": [],
            "figures": {},
        }
        if self.path.exists():
            self.state = json.loads(self.path.read_text(encoding="utf-8"))

    def go_on(self, total: int, first_seed: int) -> None:
        """Run batches until the part has tried `total` inputs. Batch n has the seed `first_seed` + n."""
        while self.state["inputs"] < total and len(self.state["failures"]) < MAX_FAILURES:
            seed = first_seed + len(self.state["seeds"])
            start = time.monotonic()
            outcome = self.part.run(seed, min(self.part.batch, total - self.state["inputs"]))
            self._add(outcome, seed, time.monotonic() - start)
            print(f"{self.part.name}: {self.state['inputs']:,} of {total:,}, {len(self.state['failures'])} failures")

    def _add(self, outcome: Outcome, seed: int, seconds: float) -> None:
        state, figures = self.state, self.state["figures"]
        state["inputs"] += outcome.inputs
        state["faults"] += outcome.faults
        state["failures"] += [{"seed": seed, "what": what[:MAX_FAILURE_CHARS]} for what in outcome.failures]
        state["seconds"] = round(state["seconds"] + seconds, 1)
        state["seeds"].append(seed)
        state["commits"] = list(dict.fromkeys([*state["commits"], commit()]))
        for name, value in outcome.figures.items():
            known = figures.get(name)
            figures[name] = max(known, value) if isinstance(known, int | float) else value
        self.path.parent.mkdir(parents=True, exist_ok=True)
        beside = self.path.with_suffix(".part")
        beside.write_text(json.dumps(state, indent=2) + "\n", encoding="utf-8")
        beside.replace(self.path)


def commit() -> str:
    """Return the start of the commit's hash; empty outside of a clone."""
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603
