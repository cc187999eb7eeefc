"""Rounds in which contenders take turns, so that a slow phase of the machine slows them all."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

Round = Mapping[str, float]


def interleaved(runs: Mapping[str, Callable[[], float]], rounds: int) -> list[dict[str, float]]:
    """Return what each run measured in each round; every other round takes them in reverse order."""
    results = []
    for number in range(rounds):
        names = list(runs)[:: -1 if number % 2 else 1]
        measured = {name: runs[name]() for name in names}
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
