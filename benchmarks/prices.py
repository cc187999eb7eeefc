"""The price of headlines at AWS's list prices for Lambda on x86_64: first tier, no free tier."""

import math

from agnews.cli.bulk.cost import GB_SECOND, INVOCATION

MILLION = 1_000_000


def dollars_per_million(ms: float, headlines: int, memory_mb: int) -> float:
    """Return dollars for a million headlines in events of `headlines` each that take `ms`, billed in whole ms."""
    requests = MILLION / headlines
    gb_seconds = requests * math.ceil(ms) / 1000 * memory_mb / 1024
    return gb_seconds * GB_SECOND["x86_64"] + requests * INVOCATION
