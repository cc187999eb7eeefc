"""Rounds in which contenders take turns, so that a slow phase of the machine slows them all."""

import time
from collections.abc import Callable, Mapping, Sequence
from statistics import median

Round = Mapping[str, float]
SPIN_S = 0.3
"""Threads of OpenMP keep their CPUs busy for up to 0.2 s after their work (KMP_BLOCKTIME)."""


def interleaved(runs: Mapping[str, Callable[[], float]], rounds: int, pause_s: float = 0) -> list[dict[str, float]]:
    """Return what each run measured in each round; every other round takes them in reverse order, each after a pause.

    Processes that stay alive need a pause of SPIN_S: else the one before slows down the next.
    """
    results = []
    for number in range(rounds):
        measured = {}
        for name in list(runs)[:: -1 if number % 2 else 1]:
            time.sleep(pause_s)
            measured[name] = runs[name]()
        results.append({name: measured[name] for name in runs})
    return results


def medians(rounds: Sequence[Round]) -> dict[str, float]:
    """Return each contender's median over the rounds."""
    return {name: median(measured[name] for measured in rounds) for name in rounds[0]}


def ratio(rounds: Sequence[Round], over: str, under: str) -> dict[str, float]:
    """Return `over`'s figure divided by `under`'s, round by round: the median, the least and the most."""
    quotients = sorted(measured[over] / measured[under] for measured in rounds)
    return {"median": median(quotients), "least": quotients[0], "most": quotients[-1]}


def ratios(rounds: Sequence[Round], under: str) -> dict[str, dict[str, float]]:
    """Return every other contender's figure over `under`'s; empty where `under` was not measured."""
    if under not in rounds[0]:
        return {}
    return {name: ratio(rounds, name, under) for name in rounds[0] if name != under}
