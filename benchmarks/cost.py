"""Milliseconds and dollars per million headlines at several memory sizes, one by one and in lists, both engines.

    python -m benchmarks.cost [--rounds 9] [--texts 1000]

One and two threads are measured, through the runtime client, with two CPUs to be seen, as in Lambda: where only one is,
ONNX Runtime leaves AMX alone. Lambda gives a vCPU per 1,769 MB. Between whole ones a single headline takes the time of
the next smaller number of threads, a list that of the nearest, scaled by the share, as everything does below one vCPU;
each figure says so. arm64 is these times at its own price: no arm64 machine was measured.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

from agnews.cli.bulk.cost import GB_SECOND
from agnews.settings import MEMORY_PER_VCPU_MB
from benchmarks.command import Setup, parser, positive, setup_of
from benchmarks.contenders import ONNX, PIPELINE, Contender
from benchmarks.plots import draw
from benchmarks.prices import dollars_per_million
from benchmarks.process import OURS, log_of, present, python, settings
from benchmarks.record import record
from benchmarks.rounds import interleaved, medians
from benchmarks.runtime_api import RuntimeApi, invocation_s, runtime
from modeling.headlines import headlines

ROUNDS = 9
TEXTS = 1000
SINGLES = 20
MEMORY_MB = (1024, 1769, 3008, 5307)
NEAR = 1.15
"""The default may cost this many times the cheapest."""

ENGINES = (ONNX, PIPELINE)
Way = Literal["single", "list"]
WAYS: tuple[Way, ...] = ("single", "list")
Times = Mapping[int, float]
"""Milliseconds per event, by threads."""


def main() -> None:
    """Command line: see the module's first lines."""
    arguments = parser(__doc__, ROUNDS, ENGINES)
    arguments.add_argument("--texts", type=positive, default=TEXTS, help="in a list; default: %(default)s")
    found = arguments.parse_args()
    setup = setup_of(found)
    figures = measured(setup, found.texts)
    path = record("cost", figures, setup.results, setup.model_dir)
    print(draw(path), figures["cheapest"], figures["default"])


def measured(setup: Setup, texts: int) -> dict[str, Any]:
    """The table, what it was made of, and the memory sizes that are the cheapest and the sensible default."""
    engines, _ = present(ENGINES, setup)
    threads = range(1, min(2, setup.threads) + 1)
    found = event_ms(engines, list(threads), setup, texts)
    rows = [row for each in engines for row in table(each.name, found[each.name], texts)]
    mine = [row for row in rows if row["engine"] == engines[0].name]
    return {
        "what": "milliseconds per event and dollars per million headlines",
        "texts": texts,
        "measured_ms": found,
        "dollars_per_gb_second": GB_SECOND,
        "table": rows,
        "cheapest": {way: cheapest([row for row in mine if row["way"] == way]) for way in WAYS},
        "default": default(mine),
    }


def event_ms(
    engines: Sequence[Contender], threads: Sequence[int], setup: Setup, texts: int
) -> dict[str, dict[Way, dict[int, float]]]:
    """Medians of milliseconds per event through the runtime client, by engine, way and threads."""
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        runs: dict[str, Callable[[], float]] = {}
        for each in engines:
            for count in threads:
                limited = replace(setup, threads=count)
                log = log_of(replace(each, name=f"{each.name}-{count}"), logs)
                command, variables = python(each, setup), settings(each, limited) | {"RAYON_NUM_THREADS": str(count)}
                api = stack.enter_context(runtime(log, command, each.handler, OURS, **variables))
                runs[f"{each.name} single {count}"] = partial(singles, api)
                runs[f"{each.name} list {count}"] = partial(listed, api, texts)
        interleaved(runs, 1)
        found = medians(interleaved(runs, setup.rounds))
    return {
        each.name: {way: {count: found[f"{each.name} {way} {count}"] for count in threads} for way in WAYS}
        for each in engines
    }


def singles(api: RuntimeApi) -> float:
    """Milliseconds of an event of one headline, the mean of SINGLES of them."""
    return sum(1000 * invocation_s(api, {"text": text}) for text in headlines(SINGLES)) / SINGLES


def listed(api: RuntimeApi, texts: int) -> float:
    """Milliseconds of an event of a list of `texts` headlines."""
    return 1000 * invocation_s(api, {"texts": headlines(texts)})


def table(engine: str, found: Mapping[Way, Times], texts: int) -> list[dict[str, Any]]:
    """One row per way and memory size."""
    rows = []
    for way, times in found.items():
        for memory_mb in MEMORY_MB:
            ms, how = at_memory(times, memory_mb / MEMORY_PER_VCPU_MB, way)
            count = 1 if way == "single" else texts
            dollars = {name: dollars_per_million(ms, count, memory_mb, name) for name in GB_SECOND}
            facts = {"engine": engine, "way": way, "memory_mb": memory_mb, "ms_per_event": ms, "how": how}
            rows.append(facts | {"ms_per_headline": ms / count, "dollars_per_million": dollars})
    return rows


def at_memory(times: Times, vcpus: float, way: Way) -> tuple[float, str]:
    """Milliseconds per event with that share of CPUs, and how they were come by.

    Below one vCPU an event waits for its share; above, a list uses all it gets and a single headline whole ones.
    """
    threads = max(1, min(max(times), round(vcpus)))
    if abs(vcpus - threads) < 0.01:
        return times[threads], f"measured, {threads} threads"
    if vcpus < 1:
        return times[1] / vcpus, f"scaled from 1 thread to {vcpus:.2f} vCPUs"
    if way == "single":
        whole = min(max(times), int(vcpus))
        return times[whole], f"measured, {whole} threads of {vcpus:.2f} vCPUs"
    how = "extrapolated" if vcpus > max(times) else "scaled"
    return times[threads] * threads / vcpus, f"{how} from {threads} threads to {vcpus:.2f} vCPUs"


def cheapest(rows: Sequence[Mapping[str, Any]]) -> int:
    """The memory size, in MB, of the row that costs the least on x86_64."""
    found: int = min(rows, key=dollars)["memory_mb"]
    return found


def default(rows: Sequence[Mapping[str, Any]]) -> int:
    """The memory size, in MB, that answers a list the soonest among those that cost at most NEAR times the cheapest
    both ways, extrapolated ones left out; the cheapest for lists where there is none.
    """
    near = set(MEMORY_MB)
    for way in WAYS:
        mine = [row for row in rows if row["way"] == way]
        near &= {row["memory_mb"] for row in mine if dollars(row) <= NEAR * min(map(dollars, mine))}
    lists = [row for row in rows if row["way"] == "list" and not row["how"].startswith("extrapolated")]
    soonest = sorted((row["ms_per_event"], row["memory_mb"]) for row in lists if row["memory_mb"] in near)
    return soonest[0][1] if soonest else cheapest(lists)


def dollars(row: Mapping[str, Any]) -> float:
    """Of a million headlines, on x86_64."""
    found: float = row["dollars_per_million"]["x86_64"]
    return found


if __name__ == "__main__":
    main()
