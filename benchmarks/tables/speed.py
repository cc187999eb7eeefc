"""Figures of speed."""

from collections.abc import Iterator

from benchmarks.contenders import CONTENDERS, READ_AHEAD
from benchmarks.tables.markdown import MACHINE, Results, results, table
from benchmarks.tables.price import cost_rows, dollars

HANDLERS = {handler.name: f"**{handler.title}**" if handler.ours else handler.title for handler in CONTENDERS}
MACHINES = {
    "Intel Xeon with VNNI": MACHINE,
    "Intel Xeon with AMX": "speed/intel_xeon_amx/",
    "AMD EPYC with VNNI": "speed/amd_epyc/",
}
OTHERS = {handler.name for handler in CONTENDERS if not handler.ours}
HANDLER_HEAD = ("handler", "cold start", "one headline, warm: p50 / p99", "1,000 in one event", "peak memory")
COMPARED = {
    "cold start": "cold",
    "cold start, empty page cache": "cold_empty_cache",
    "one headline": "warm",
    "1,000 headlines in one event": "lists",
    "texts of four headlines each, in one event": "lists_joined",
}
"""What is measured of several libraries, and in which file."""


def speed(*names: str, folder: str = MACHINE) -> Iterator[Results]:
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


def spread(ratio: Results) -> str:
    """Return a ratio as the median, least and most of the rounds."""
    median, least, most = (f"{ratio[name]:#.3g}" for name in ("median", "least", "most"))
    return f"{median}× ({least} to {most})"


def against_others() -> str:
    """Return how many times as long as this project OpenVINO int8 takes, and the best handler but that one."""
    rows = []
    for what, name in COMPARED.items():
        (measured,) = speed(name)
        times = {other: ratio for other, ratio in measured["times_ours"].items() if other in OTHERS}
        peer = times.pop("openvino-int8")
        best = min(times, key=lambda other: times[other]["median"])
        rows.append((what, spread(peer), f"{HANDLERS[best]}: {spread(times[best])}"))
    return table(("", "OpenVINO, int8", "the best of the others"), rows)


def memory_against_openvino() -> str:
    """Return the peak memory of OpenVINO int8 and ours, for a list."""
    (lists,) = speed("lists")
    peer, ours = (lists["peak_bytes"][name] / 1e6 for name in ("openvino-int8", "agnews-onnx"))
    return f"{peer:,.0f} MB against {ours:,.0f}"


def machines() -> str:
    """Return how many times as long `transformers.pipeline()` takes, by machine."""
    rows = []
    for title, folder in MACHINES.items():
        ratios = [times["times_ours"]["tutorial"] for times in speed("cold", "warm", "lists", folder=folder)]
        rows.append((title, *map(spread, ratios)))
    return table(("machine", "cold start", "one headline", "1,000 in one event"), rows)


def empty_cache() -> str:
    """Return cold starts with an empty page cache."""
    (cold,) = speed("cold_empty_cache")
    others = {READ_AHEAD.name: READ_AHEAD.title, "floor, runtime client": "floor, through the runtime client"}
    titles = HANDLERS | others | {"floor": "floor"}
    rows = [
        (titles[name], f"{seconds:.2f} s", f"{cold['read_bytes'][name] / 1e6:,.0f} MB", ratio_of(cold, name))
        for name, seconds in cold["seconds"].items()
    ]
    return table(("handler", "to the first answer", "read from disk", "times ours"), rows)


def ratio_of(measured: Results, name: str) -> str:
    """Return the handler's time over ours."""
    return spread(measured["times_ours"][name]) if name in measured["times_ours"] else "1"


def variants() -> str:
    """Return the time of changed graphs as a share of the baked one's."""
    (measured,) = speed("variants")
    lists, singles = measured["list_over_baked"], measured["single_over_baked"]
    rows = [
        (name, spread(lists[name]), spread(singles[name]), f"{equal:.1%}")
        for name, equal in measured["equal_labels"].items()
        if name != "as baked"
    ]
    return table(("graph", "a list, over the baked graph", "one headline, over the baked graph", "equal labels"), rows)


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
