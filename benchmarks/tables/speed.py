"""Figures of speed and price."""

from collections.abc import Iterator

from agnews.cli.bulk.cost import BATCH, EXPRESS_SECOND, GB_SECOND, INVOCATION
from benchmarks.contenders import CONTENDERS
from benchmarks.tables.markdown import Results, results, table

HANDLERS = {handler.name: f"**{handler.title}**" if handler.ours else handler.title for handler in CONTENDERS}
MACHINES = {"Intel Xeon with AMX": "speed/", "AMD EPYC without AMX": "speed/amd_epyc/"}
BATCH_ROWS = 500
"""Rows in one batch of a bulk run, the template's default."""
HANDLER_HEAD = ("handler", "cold start", "one headline, warm: p50 / p99", "1,000 in one event", "peak memory")


def speed(*names: str, folder: str = "speed/") -> Iterator[Results]:
    """Yield the results of these benchmarks, as one machine wrote them."""
    return (results(f"{folder}{name}") for name in names)


def handler_row(name: str, cold: Results, warm: Results, lists: Results) -> tuple[str, ...]:
    """Return one handler's row."""
    return (
        HANDLERS[name],
        f"{cold['seconds'][name]:.2f} s",
        f"{warm['p50_ms'][name]:.1f} / {warm['p99_ms'][name]:.1f} ms",
        f"{lists['texts_per_s'][name]:,.0f}/s",
        f"{lists['peak_bytes'][name] / 1e6:,.0f} MB",
    )


def default_row() -> str:
    """Return the speed and price of the default deployment."""
    cold, warm, lists = speed("cold", "warm", "lists")
    cells = handler_row("agnews-onnx", cold, warm, lists)[1:]
    default_mb = results("speed/cost")["default"]
    one, many = (dollars(row) for row in cost_rows(default_mb))
    head = (*HANDLER_HEAD[1:], "a million one by one", "a million in lists of 1,000")
    return table(head, [(*cells, one, many)])


def in_a_line() -> str:
    """Return the default's speed in a line."""
    cold, warm, lists = speed("cold", "warm", "lists")
    return (
        f"cold start {cold['seconds']['agnews-onnx']:.2f} s, one headline {warm['p50_ms']['agnews-onnx']:.1f} ms, "
        f"lists {lists['texts_per_s']['agnews-onnx']:,.0f} headlines per second"
    )


def handlers() -> str:
    """Return every handler's speed and memory."""
    return table(HANDLER_HEAD, [handler_row(name, *speed("cold", "warm", "lists")) for name in HANDLERS])


def larger_shape() -> str:
    """Return the same for a checkpoint of DistilBERT-base's shape."""
    shapes = results("speed/shapes")
    names = ("tutorial", "optimum-int8", "openvino", "ctranslate2", "agnews-onnx")
    return table(HANDLER_HEAD, [handler_row(name, shapes["cold"], shapes["warm"], shapes["lists"]) for name in names])


def machines() -> str:
    """Return how many times as long `transformers.pipeline()` takes: median, least and most of the rounds."""
    rows = []
    for title, folder in MACHINES.items():
        cold, warm, lists = speed("cold", "warm", "lists", folder=folder)
        ratios = [times["times_ours"]["tutorial"] for times in (cold, warm, lists)]
        cells = [f"{ratio['median']:.1f}× ({ratio['least']:.1f} to {ratio['most']:.1f})" for ratio in ratios]
        rows.append((title, *cells, f"{lists['times_ours'][lists['best_other']]['median']:.1f}×"))
    head = ("machine", "cold start", "one headline", "1,000 in one event", "the list, against the best other handler")
    return table(head, rows)


def floors() -> str:
    """Return how close this project comes to what ONNX Runtime and the CPU allow."""
    rows = []
    for title, folder in MACHINES.items():
        cold, warm, lists = speed("cold", "warm", "lists", folder=folder)
        ratios = [f"{times['ours_over_floor']['median']:.2f}×" for times in (cold, warm)]
        rows.append((title, *ratios, f"{lists['machine_share']['int8_share']:.0%}"))
    return table(("machine", "cold start", "one headline", "list: share of the peak int8 rate"), rows)


def large_file() -> str:
    """Return what a run of `agnews classify` over a large file came to."""
    file = results("speed/file")
    rate, share = file["file_texts_per_s"][0], file["file_over_memory"][0]
    return (
        f"{file['rows']:,} headlines at {rate:,.0f} per second, {share:.0%} of the rate in memory, "
        f"with at most {file['peak_bytes'] / 1e6:,.0f} MB resident"
    )


def cost_rows(memory_mb: int, engine: str = "agnews-onnx") -> tuple[Results, Results]:
    """Return the costs of one memory size: headlines one by one, and in lists."""
    rows = results("speed/cost")["table"]
    same = [row for row in rows if (row["engine"], row["memory_mb"]) == (engine, memory_mb)]
    one, many = (next(row for row in same if row["way"] == way) for way in ("single", "list"))
    return one, many


def dollars(row: Results) -> str:
    """Return dollars per million headlines on both architectures."""
    return " / ".join(f"${row['dollars_per_million'][name]:.3f}" for name in ("x86_64", "arm64"))


def measured(row: Results) -> str:
    """Return what a time was derived from."""
    text: str = row["how"].replace("1 threads", "1 thread")
    return text


def gb_second() -> str:
    """Return Lambda's price per GB-second on both architectures."""
    return " and ".join(f"${price:.10f} for {architecture}" for architecture, price in GB_SECOND.items())


def price() -> str:
    """Return the default's dollars per million headlines in a line."""
    one, many = (row["dollars_per_million"]["x86_64"] for row in cost_rows(results("speed/cost")["default"]))
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
    way = ("each", "per million, x86_64 / arm64")
    head = ("memory, engine", *(f"{kind}: {what}" for kind in ("one by one", "lists of 1,000") for what in way))
    return table((*head, "one by one from", "lists from"), rows)


def bulk_rate() -> str:
    """Return one container's rate in a bulk run."""
    return f"{results('speed/bulk_run')['headlines_per_s']:,.0f} headlines per second"


def bulk_prices() -> str:
    """Return how long bulk runs take and what they cost."""
    run = results("speed/bulk_run")
    per_second = run["memory_mb"] / 1024 * GB_SECOND["x86_64"] + EXPRESS_SECOND
    rows = []
    for number in (1_000_000, 100_000_000):
        seconds, batches = number / run["headlines_per_s"], number / BATCH_ROWS
        cost = f"${seconds * per_second + batches * (BATCH + INVOCATION):,.2f}"
        rows.append((f"{number:,}", f"{batches:,.0f}", duration(seconds / 10), duration(seconds / 1000), cost))
    memory = f"x86_64, {run['memory_mb']:,} MB"
    return table(("headlines", "batches", "10 containers", "1,000 containers", memory), rows)


def duration(seconds: float) -> str:
    """Return seconds as minutes where there are 60 or more."""
    return f"{seconds / 60:,.1f} min" if seconds >= 60 else f"{seconds:,.0f} s"
