"""`make trust`, small: each part with a few inputs. What it found stays as a case in the other tests."""

import itertools
import json
import signal
from pathlib import Path

import pytest

from benchmarks.trust import fuzz
from benchmarks.trust.damage import damaged
from benchmarks.trust.ledger import Ledger, Outcome, Part
from benchmarks.trust.signals import PROGRAMS, problem_with
from tests.support.requirement import require_module


@pytest.mark.parametrize("part", fuzz.PARTS, ids=lambda part: part.name)
def test_hostile_input_is_answered_or_refused_as_documented(part: Part) -> None:
    assert part.run(1, 300) == Outcome(300)


def test_every_kind_of_damage_is_named_in_one_line() -> None:
    assert damaged(1, 7) == Outcome(7, faults=7)


def test_invocations_of_mixed_events_do_not_fail() -> None:
    from benchmarks.trust.soak import soak

    outcome = soak(1, 60)
    assert (outcome.inputs, outcome.failures) == (60, ())
    assert len(outcome.figures["p50_ms"]) == 10


def test_each_of_many_connections_gets_its_own_answers() -> None:
    from benchmarks.trust.connections import crowded

    assert crowded(1, 128) == Outcome(128)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_ends_as_documented_when_it_is_interrupted(name: str) -> None:
    assert problem_with(PROGRAMS[name], signal.SIGTERM, [0.25, 0.3]) == ""


def test_no_record_is_lost_by_a_queue_that_misbehaves() -> None:
    require_module("botocore")
    from benchmarks.trust.queues import misbehaving

    outcome = misbehaving(1, 3)
    assert (outcome.inputs, outcome.failures) == (3, ())


def test_requests_with_little_time_left_are_answered_as_documented() -> None:
    from benchmarks.trust.deadlines import hurried

    outcome = hurried(0, 3)
    assert [failure for failure in outcome.failures if "ms late" not in failure] == []  # the machine may be busy


def test_an_interrupted_part_goes_on_with_the_next_seed(tmp_path: Path) -> None:
    seeds = []

    def run(seed: int, inputs: int) -> Outcome:
        seeds.append((seed, inputs))
        if len(seeds) == 2:
            raise KeyboardInterrupt
        return Outcome(inputs, 1, ("late",) if seed == 7 else (), {"latest_ms": 10 - seed, "tenths": [seed]})

    part = Part("part", "inputs", 25, 10, run)
    with pytest.raises(KeyboardInterrupt):
        Ledger(part, tmp_path).go_on(25, 7)
    Ledger(part, tmp_path).go_on(25, 7)
    assert seeds == [(7, 10), (8, 10), (8, 10), (9, 5)]
    state = json.loads((tmp_path / "part.json").read_text(encoding="utf-8"))
    assert (state["inputs"], state["faults"], state["seeds"]) == (25, 3, [7, 8, 9])
    assert state["failures"] == [{"seed": 7, "what": "late"}]
    assert state["figures"] == {"latest_ms": 3, "tenths": [9]}


def test_a_failing_part_stops_early(tmp_path: Path) -> None:
    numbers = itertools.count()
    part = Part("part", "inputs", 1000, 1, lambda seed, inputs: Outcome(1, failures=(str(next(numbers)),)))
    Ledger(part, tmp_path).go_on(1000, 1)
    assert next(numbers) == 100
