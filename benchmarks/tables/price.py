"""Figures of price."""

from agnews.cli.bulk.cost import BATCH, EXPRESS_SECOND, GB_SECOND, INVOCATION
from benchmarks.tables.markdown import Results, results, table

BATCH_ROWS = 500
"""Rows in one batch of a bulk run, the template's default."""


def cost_rows(memory_mb: int, engine: str = "agnews-onnx") -> tuple[Results, Results]:
    """Return the costs of one memory size: headlines one by one, and in lists."""
    rows = results("speed/cost")["table"]
    same = [row for row in rows if (row["engine"], row["memory_mb"]) == (engine, memory_mb)]
    one, many = (next(row for row in same if row["way"] == way) for way in ("single", "list"))
    return one, many


def dollars(row: Results) -> str:
    """Return dollars per million headlines on x86_64."""
    return f"${row['dollars_per_million']:.3f}"


def measured(row: Results) -> str:
    """Return what a time was derived from."""
    text: str = row["how"].replace("1 threads", "1 thread")
    return text


def gb_second() -> str:
    """Return Lambda's price per GB-second on both architectures."""
    return " and ".join(f"${price:.10f} for {architecture}" for architecture, price in GB_SECOND.items())


def price() -> str:
    """Return the default's dollars per million headlines in a line."""
    one, many = (row["dollars_per_million"] for row in cost_rows(results("speed/cost")["default"]))
    return f"${one:.2f} one by one, ${many:.3f} in lists of 1,000"


def prices() -> str:
    """Return times and dollars per million headlines by memory size."""
    cost = results("speed/cost")
    sizes = [(memory_mb, "agnews-onnx") for memory_mb in sorted({row["memory_mb"] for row in cost["table"]})]
    rows = []
    for memory_mb, engine in [*sizes, (cost["default"], "agnews-pipeline")]:
        one, many = cost_rows(memory_mb, engine)
        title = f"{memory_mb:,} MB, `{engine.removeprefix('agnews-')}`"
        ms = (f"{one['ms_per_headline']:.1f} ms", f"{many['ms_per_headline']:.2f} ms")
        rows.append((title, ms[0], dollars(one), ms[1], dollars(many), measured(one), measured(many)))
    way = ("each", "per million, x86_64")
    head = ("memory, engine", *(f"{kind}: {what}" for kind in ("one by one", "lists of 1,000") for what in way))
    return table((*head, "one by one from", "lists from"), rows)


def rates() -> str:
    """Return how the rates and prices of lists differ on the machine that `cost` and `bulk_run` were measured on."""
    cost, run, lists = results("speed/cost"), results("speed/bulk_run"), results("speed/intel_xeon_amx/lists")
    _, many = cost_rows(cost["default"])
    one, per_batch = bulk_dollars(1_000_000)
    rows = (
        ("one event of 1,000, two threads, in process", lists["texts_per_s"]["agnews-onnx"], "not a memory setting"),
        (
            f"the same through the runtime client at {cost['default']:,} MB",
            1000 / many["ms_per_headline"],
            dollars(many),
        ),
        (
            f"a bulk run at {run['memory_mb']:,} MB, batches of {BATCH_ROWS}",
            run["headlines_per_s"],
            f"${one + per_batch:.3f}, of which Step Functions by the batch and invocations: ${per_batch:.3f}",
        ),
    )
    cells = [(what, f"{rate:,.0f}/s", price) for what, rate, price in rows]
    return table(("lists", "headlines", "dollars per million"), cells)


def bulk_dollars(headlines: int) -> tuple[float, float]:
    """Return what a bulk run costs by the second, and by the batch."""
    run = results("speed/bulk_run")
    per_second = run["memory_mb"] / 1024 * GB_SECOND["x86_64"] + EXPRESS_SECOND
    return headlines / run["headlines_per_s"] * per_second, headlines / BATCH_ROWS * (BATCH + INVOCATION)


def bulk_rate() -> str:
    """Return one container's rate in a bulk run."""
    return f"{results('speed/bulk_run')['headlines_per_s']:,.0f} headlines per second"


def bulk_prices() -> str:
    """Return how long bulk runs take and what they cost."""
    run = results("speed/bulk_run")
    rows = []
    for number in (1_000_000, 100_000_000):
        seconds, batches = number / run["headlines_per_s"], number / BATCH_ROWS
        cost = f"${sum(bulk_dollars(number)):,.2f}"
        rows.append((f"{number:,}", f"{batches:,.0f}", duration(seconds / 10), duration(seconds / 1000), cost))
    memory = f"x86_64, {run['memory_mb']:,} MB"
    return table(("headlines", "batches", "10 containers", "1,000 containers", memory), rows)


def duration(seconds: float) -> str:
    """Return seconds as minutes where there are 60 or more."""
    return f"{seconds / 60:,.1f} min" if seconds >= 60 else f"{seconds:,.0f} s"
