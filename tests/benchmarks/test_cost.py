"""What a million headlines cost: the arithmetic, and which memory size it makes the default."""

import pytest

from tests.support.requirement import require_module

require_module("matplotlib")  # benchmarks.cost draws

from benchmarks import cost  # noqa: E402
from benchmarks.prices import dollars_per_million  # noqa: E402


@pytest.mark.parametrize(
    ("ms", "headlines", "memory_mb", "dollars"),
    [
        (1.0, 1, 1024, 0.2166667),
        (1.2, 1, 1024, 0.2333334),
        (1000.0, 1000, 2048, 0.0335334),
    ],
)
def test_dollars_per_million_are_those_counted_by_hand(
    ms: float, headlines: int, memory_mb: int, dollars: float
) -> None:
    assert dollars_per_million(ms, headlines, memory_mb) == pytest.approx(dollars, rel=1e-4)


@pytest.mark.parametrize(
    ("vcpus", "way", "ms", "how"),
    [
        (1.0, "single", 8.0, "measured, 1 threads"),
        (0.5, "single", 16.0, "scaled from 1 thread to 0.50 vCPUs"),
        (0.5, "list", 1600.0, "scaled from 1 thread to 0.50 vCPUs"),
        (1.7, "single", 8.0, "measured, 1 threads of 1.70 vCPUs"),
        (1.7, "list", 500.0, "scaled from 2 threads to 1.70 vCPUs"),
        (2.0, "list", 425.0, "measured, 2 threads"),
        (3.0, "single", 5.0, "measured, 2 threads of 3.00 vCPUs"),
        (3.4, "list", 250.0, "extrapolated from 2 threads to 3.40 vCPUs"),
    ],
)
def test_a_memory_sizes_time_is_measured_or_says_what_it_is(vcpus: float, way: cost.Way, ms: float, how: str) -> None:
    times: dict[cost.Way, cost.Times] = {"single": {1: 8.0, 2: 5.0}, "list": {1: 800.0, 2: 425.0}}
    actual_ms, actual_how = cost.at_memory(times[way], vcpus, way)
    assert actual_ms == pytest.approx(ms)
    assert actual_how == how


def test_the_default_is_the_soonest_of_those_that_cost_little_more_than_the_cheapest() -> None:
    times: dict[cost.Way, cost.Times] = {"single": {1: 2.0, 2: 1.0}, "list": {1: 1000.0, 2: 520.0}}
    rows = cost.table("agnews-onnx", times, 1000)
    assert {row["memory_mb"]: round(row["ms_per_event"]) for row in rows if row["way"] == "list"} == {
        1024: 1728,
        1769: 1000,
        3008: 612,
        5307: 347,
    }
    assert cost.cheapest([row for row in rows if row["way"] == "list"]) == 1769
    assert cost.default(rows) == 1769
