"""Measure milliseconds and dollars per million headlines by memory size, one by one and in lists, for both engines.

    python -m benchmarks.cost [--rounds 9] [--texts 1000]

One and two threads are measured through the runtime client, with two visible CPUs as in Lambda; with only one, ONNX
Runtime does not use AMX. Lambda gives one vCPU per 1,769 MB. Between whole vCPUs a single headline takes the time of
the next smaller number of threads, and a list that of the nearest, scaled by the share. Below one vCPU every time is
scaled. Each figure says which. Prices are those of x86_64, as no arm64 machine was measured.
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
"""The default may cost at most this many times the cheapest."""

ENGINES = (ONNX, PIPELINE)
Way = Literal["single", "list"]
WAYS: tuple[Way, ...] = ("single", "list")
Times = Mapping[int, float]
"""Milliseconds per event, by threads."""


def main() -> None:
    """Run the command line that the module's docstring describes."""
    arguments = parser(__doc__, ROUNDS, ENGINES)
    arguments.add_argument("--texts", type=positive, default=TEXTS, help="in a list; default: %(default)s")
    options = arguments.parse_args()
    setup = setup_of(options)
    figures = measured(setup, options.texts)
    path = record("cost", figures, setup.results, setup.model_dir)
    print(draw(path), figures["cheapest"], figures["default"])


def measured(setup: Setup, texts: int) -> dict[str, Any]:
    """Return the table, the times behind it, and which memory sizes are the cheapest and the sensible default."""
    engines, _ = present(ENGINES, setup)
    threads = range(1, min(2, setup.threads) + 1)
    times = event_ms(engines, list(threads), setup, texts)
    rows = [row for engine in engines for row in table(engine.name, times[engine.name], texts)]
    first = [row for row in rows if row["engine"] == engines[0].name]
    return {
        "what": "milliseconds per event and dollars per million headlines",
        "texts": texts,
        "measured_ms": times,
        "dollars_per_gb_second": GB_SECOND["x86_64"],
        "table": rows,
        "cheapest": {way: cheapest([row for row in first if row["way"] == way]) for way in WAYS},
        "default": default(first),
    }


def event_ms(
    engines: Sequence[Contender], threads: Sequence[int], setup: Setup, texts: int
) -> dict[str, dict[Way, dict[int, float]]]:
    """Return median milliseconds per event through the runtime client, by engine, way and threads."""
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        runs: dict[str, Callable[[], float]] = {}
        for engine in engines:
            for count in threads:
                limited = replace(setup, threads=count)
                log = log_of(replace(engine, name=f"{engine.name}-{count}"), logs)
                command, variables = (
                    python(engine, setup),
                    settings(engine, limited) | {"RAYON_NUM_THREADS": str(count)},
                )
                api = stack.enter_context(runtime(log, command, engine.handler, OURS, **variables))
                runs[f"{engine.name} single {count}"] = partial(singles, api)
                runs[f"{engine.name} list {count}"] = partial(listed, api, texts)
        interleaved(runs, 1)
        times = medians(interleaved(runs, setup.rounds))
    return {
        engine.name: {way: {count: times[f"{engine.name} {way} {count}"] for count in threads} for way in WAYS}
        for engine in engines
    }


def singles(api: RuntimeApi) -> float:
    """Return milliseconds of an event of one headline, the mean over SINGLES events."""
    return sum(1000 * invocation_s(api, {"text": text}) for text in headlines(SINGLES)) / SINGLES


def listed(api: RuntimeApi, texts: int) -> float:
    """Return milliseconds of an event of `texts` headlines."""
    return 1000 * invocation_s(api, {"texts": headlines(texts)})


def table(engine: str, times_of: Mapping[Way, Times], texts: int) -> list[dict[str, Any]]:
    """Return one row per way and memory size."""
    rows = []
    for way, times in times_of.items():
        for memory_mb in MEMORY_MB:
            ms, how = at_memory(times, memory_mb / MEMORY_PER_VCPU_MB, way)
            count = 1 if way == "single" else texts
            dollars = dollars_per_million(ms, count, memory_mb)
            facts = {"engine": engine, "way": way, "memory_mb": memory_mb, "ms_per_event": ms, "how": how}
            rows.append(facts | {"ms_per_headline": ms / count, "dollars_per_million": dollars})
    return rows


def at_memory(times: Times, vcpus: float, way: Way) -> tuple[float, str]:
    """Return milliseconds per event with that many vCPUs, and how the figure was obtained.

    Below one vCPU an event waits for its share. Above, a list uses all it gets, a single headline only whole vCPUs.
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
    """Return the memory size, in MB, of the row that costs the least."""
    memory_mb: int = min(rows, key=dollars)["memory_mb"]
    return memory_mb


def default(rows: Sequence[Mapping[str, Any]]) -> int:
    """Return the memory size, in MB, that answers a list fastest at a price near the cheapest.

    Near means at most NEAR times the cheapest, both one by one and in lists. Extrapolated times do not count. Where no
    size qualifies, the cheapest for lists is returned.
    """
    near = set(MEMORY_MB)
    for way in WAYS:
        same_way = [row for row in rows if row["way"] == way]
        near &= {row["memory_mb"] for row in same_way if dollars(row) <= NEAR * min(map(dollars, same_way))}
    lists = [row for row in rows if row["way"] == "list" and not row["how"].startswith("extrapolated")]
    fastest = sorted((row["ms_per_event"], row["memory_mb"]) for row in lists if row["memory_mb"] in near)
    return fastest[0][1] if fastest else cheapest(lists)


def dollars(row: Mapping[str, Any]) -> float:
    """Return the price of a million headlines."""
    price: float = row["dollars_per_million"]
    return price


if __name__ == "__main__":
    main()
