"""Figures of the trial."""

from benchmarks.tables.markdown import Results, results, table
from benchmarks.tables.price import duration

FUZZED = ("events", "headers", "records", "files", "manifests")


def parts() -> Results:
    """Return what each part of the trial came to."""
    by_name: Results = results("trust")["parts"]
    return by_name


def trial() -> str:
    """Return the inputs, failures and seconds of each part, and what was measured."""
    rows = [
        (
            *(part["title"], f"{part['inputs']:,}", len(part["failures"])),
            *(duration(part["seconds"]), measured(part["figures"])),
        )
        for part in parts().values()
    ]
    return table(("what was tried", "how many", "failed", "took", "measured"), rows)


def trial_line() -> str:
    """Return the trial in a line."""
    every = parts()
    inputs = sum(every[name]["inputs"] for name in FUZZED)
    failed = sum(len(part["failures"]) for part in every.values())
    return (
        f"{inputs:,} hostile inputs, {every['soak']['inputs']:,} invocations in one process, "
        f"{every['damage']['inputs']:,} damaged checkpoints, {every['signals']['inputs']:,} signals, "
        f"{every['queues']['inputs']:,} misbehaving queues and {every['deadlines']['inputs']:,} tight deadlines: "
        f"{failed or 'none'} failed"
    )


def measured(figures: Results) -> str:
    """Return a part's measurements in words; empty if it has none."""
    words = []
    for name, when in (("latest_ms", ""), ("latest_ms_below_200", " with less than 0.2 s left")):
        if name in figures:
            side = "before" if figures[name] < 0 else "after"
            words.append(f"latest answer{when} {abs(figures[name]):,.0f} ms {side} its deadline")
    if "mb_per_thousand" in figures:
        words.append(f"resident memory {figures['mb_per_thousand']:+.4f} MB per 1,000 in the second half")
        tenths = [f"{figures[name][place]:.1f}" for name in ("p50_ms", "p99_ms") for place in (0, -1)]
        words.append("p50 {} to {} ms and p99 {} to {} ms, first to last tenth".format(*tenths))
    return "; ".join(words)
