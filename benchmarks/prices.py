"""The price of headlines at AWS's list prices for Lambda: first tier, no free tier."""

import math

from agnews.cli.bulk.cost import GB_SECOND, INVOCATION, Architecture

MILLION = 1_000_000


def dollars_per_million(ms: float, headlines: int, memory_mb: int, architecture: Architecture) -> float:
    """Return dollars for a million headlines in events of `headlines` each that take `ms`, billed in whole ms."""
    requests = MILLION / headlines
    gb_seconds = requests * math.ceil(ms) / 1000 * memory_mb / 1024
    return gb_seconds * GB_SECOND[architecture] + requests * INVOCATION
