"""Rounds in which contenders take turns, so that what slows the machine for a while slows them all."""

from collections.abc import Callable, Mapping, Sequence
from statistics import median

Round = Mapping[str, float]


def interleaved(runs: Mapping[str, Callable[[], float]], rounds: int) -> list[dict[str, float]]:
    """What each run measured in each round; every other round goes through them backwards."""
    found = []
    for number in range(rounds):
        names = list(runs)[:: -1 if number % 2 else 1]
        measured = {name: runs[name]() for name in names}
        found.append({name: measured[name] for name in runs})
    return found


def medians(rounds: Sequence[Round]) -> dict[str, float]:
    """Each contender's median over the rounds."""
    return {name: median(measured[name] for measured in rounds) for name in rounds[0]}


def ratio(rounds: Sequence[Round], over: str, under: str) -> dict[str, float]:
    """How many times `over`'s figure is `under`'s, round by round: the median, the least and the most."""
    found = sorted(measured[over] / measured[under] for measured in rounds)
    return {"median": median(found), "least": found[0], "most": found[-1]}


def ratios(rounds: Sequence[Round], under: str) -> dict[str, dict[str, float]]:
    """Every other contender's figure over `under`'s; empty where `under` was not measured."""
    if under not in rounds[0]:
        return {}
    return {name: ratio(rounds, name, under) for name in rounds[0] if name != under}
