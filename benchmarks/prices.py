"""What AWS asks for Lambda, and what a number of headlines comes to.

Source: https://aws.amazon.com/lambda/pricing/, us-east-1, first tier, without the free one; noted in November 2026.
"""

import math
from typing import Literal

Architecture = Literal["x86_64", "arm64"]

GB_SECOND: dict[Architecture, float] = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
"""Dollars per GB-second."""
REQUEST = 0.20 / 1_000_000
"""Dollars per request."""
MILLION = 1_000_000


def dollars_per_million(ms: float, headlines: int, memory_mb: int, architecture: Architecture) -> float:
    """Dollars for a million headlines in events of `headlines` each that take `ms`, billed in whole milliseconds."""
    requests = MILLION / headlines
    gb_seconds = requests * math.ceil(ms) / 1000 * memory_mb / 1024
    return gb_seconds * GB_SECOND[architecture] + requests * REQUEST
