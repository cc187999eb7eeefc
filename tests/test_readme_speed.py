"""README's times and prices are those in results/."""

import json
from typing import Any

import pytest

from tests.support.requirement import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
HANDLERS = {
    "tutorial": "`pipeline()` at module level, called on the list",
    "batched": "`pipeline()`, sorted batches",
    "optimum": "optimum with ONNX Runtime, float32",
    "optimum-int8": "optimum with ONNX Runtime, int8",
    "openvino": "OpenVINO",
    "ctranslate2": "CTranslate2, int8",
    "agnews-pipeline": "ours, `pipeline`",
    "agnews-onnx": "**ours, `onnx`**",
}
OF_BASE = ("tutorial", "optimum-int8", "openvino", "ctranslate2", "agnews-onnx")
"""The handlers in the table of DistilBERT-base's shape."""
MACHINES = {
    "Intel Xeon ([results/speed/](results/speed/cold.json))": "",
    "AMD EPYC ([results/speed/amd_epyc/](results/speed/amd_epyc/cold.json))": "amd_epyc/",
}
"""Where what was measured on each of them lies, below results/speed/."""
Figures = dict[str, Any]


def figures(name: str) -> Figures:
    """What results/speed/NAME.json holds."""
    found: Figures = json.loads((ROOT / "results" / "speed" / f"{name}.json").read_text(encoding="utf-8"))
    return found


def cells(name: str, cold: Figures, warm: Figures, lists: Figures) -> str:
    """A handler's row, without its title."""
    return (
        f"| {cold['seconds'][name]:.2f} s | {warm['p50_ms'][name]:.1f} / {warm['p99_ms'][name]:.1f} ms "
        f"| {lists['texts_per_s'][name]:,.0f}/s | {lists['peak_bytes'][name] / 1e6:,.0f} MB |"
    )


def sentences() -> list[str]:
    """What README says in words."""
    cold, warm, lists, growth, file = map(figures, ("cold", "warm", "lists", "growth", "file"))
    threads, base = figures("threads"), figures("shapes")
    share = lists["machine_share"]
    line = growth["line"]
    machine_s = share["machine"]["best"]["operations_per_s"]
    return [
        f"{cold['times_ours']['tutorial']['median']:.0f} × at a cold start",
        f"{warm['times_ours']['tutorial']['median']:.1f} × for one headline",
        f"{lists['times_ours']['tutorial']['median']:.0f} × for a list",
        f"{lists['times_ours'][lists['best_other']]['median']:.1f} × the best of the others",
        f"{cold['ours_over_floor']['median']:.2f} × bare imports",
        f"{warm['ours_over_floor']['median']:.2f} × a bare tokenizer",
        f"a local Runtime API, {warm['p50_ms']['ours, onnx, runtime client']:.1f} ms",
        f"{share['int8_share']:.0%} of the {machine_s / 1e9:,.0f} billion int8 operations a second",
        f"a headline takes {share['operations_per_text']['int8'] / 1e6:,.0f} million",
        f"{growth['by_event_size']['10']:.2f} ms a headline in an event of 10",
        f"{growth['by_event_size']['10000']:.2f} ms in one of 10,000",
        f"{line['ms_per_token'] * 1000:.0f} µs a token (r² {line['r_squared']:.3f})",
        f"{file['rows']:,} headlines ran at {file['file_over_memory'][0]:.0%} of the rate in memory",
        f"{file['file_texts_per_s'][0]:,.0f} a second",
        f"{file['peak_bytes'] / 1e6:,.0f} MB at the most",
        f"{threads['callers_over_threads']['median']:.1f} × as fast as two threads within each run",
        f"{threads['threads_over_one']['median']:.1f} × as fast as one thread",
        f"{figures('amd_epyc/threads')['threads_over_one']['median']:.1f} × without "
        "([results/speed/amd_epyc/threads.json]",
        on_both("an AMD EPYC without AMX", "amd_epyc/"),
        of_labels(lists),
        of_reference(figures("cost")),
        of_base(base),
    ]


def of_base(found: Figures) -> str:
    """What README says of DistilBERT-base's shape."""
    warm, lists = found["warm"], found["lists"]
    times = {name: f"{warm['times_ours'][name]['median']:.2f} ×" for name in ("openvino", "optimum-int8")}
    return (
        f"one headline takes {warm['ours_over_floor']['median']:.1f} × the bare tokenizer and run, "
        f"OpenVINO's {times['openvino']} and optimum's int8 {times['optimum-int8']} as long as ours, "
        f"and lists run {lists['times_ours'][lists['best_other']]['median']:.1f} × the best of the others"
    )


def on_both(machine: str, folder: str) -> str:
    """What README's first screen says of the other machine."""
    cold, warm, lists = (
        figures(f"{folder}{name}")["times_ours"]["tutorial"]["median"] for name in ("cold", "warm", "lists")
    )
    return f"on {machine} {cold:.0f} ×, {warm:.1f} × and {lists:.0f} ×"


def of_labels(lists: Figures) -> str:
    """How many of torch's labels a list gets."""
    equal = {name: f"{share:.1%}" for name, share in lists["equal_labels"].items()}
    return (
        f"Lists get {equal['agnews-onnx']} of torch's labels here, OpenVINO's {equal['openvino']}, "
        f"those of optimum's int8 {equal['optimum-int8']}"
    )


def of_reference(cost: Figures) -> str:
    """What a million headlines cost with the reference engine and the default memory."""
    of_default = [row for row in cost["table"] if row["memory_mb"] == cost["default"]]
    many, one = (
        next(
            row["dollars_per_million"]["x86_64"]
            for row in of_default
            if (row["engine"], row["way"]) == ("agnews-pipeline", way)
        )
        for way in ("list", "single")
    )
    return (
        f"The `pipeline` engine costs ${many:.2f} a million in lists at {cost['default']:,} MB, ${one:.2f} one by one."
    )


def ratios(folder: str) -> str:
    """One machine's row of what was asked for, without its title."""
    cold, warm, lists = (figures(f"{folder}{name}") for name in ("cold", "warm", "lists"))
    return (
        f"| {cold['times_ours']['tutorial']['median']:.1f} | {cold['ours_over_floor']['median']:.2f} "
        f"| {warm['times_ours']['tutorial']['median']:.1f} | {warm['ours_over_floor']['median']:.2f} "
        f"| {lists['times_ours']['tutorial']['median']:.1f} | {lists['times_ours'][lists['best_other']]['median']:.1f} "
        f"| {lists['machine_share']['int8_share']:.0%} |"
    )


def spread(name: str) -> str:
    """The least and the most that the tutorial's handler took in a round, as a multiple of ours."""
    found = figures(name)["times_ours"]["tutorial"]
    return f"{found['least']:.1f} to {found['most']:.1f} ×"


def shape_cells(name: str, shapes: Figures) -> str:
    """A handler's row for a checkpoint of DistilBERT-base's shape."""
    return cells(name, shapes["cold"], shapes["warm"], shapes["lists"])


def price_row(memory_mb: int) -> str:
    """Milliseconds and dollars at one memory size, one by one and in lists."""
    rows = {row["way"]: row for row in figures("cost")["table"] if is_ours(row, memory_mb)}
    one, many = rows["single"], rows["list"]
    return (
        f"| {memory_mb:,} MB | {one['ms_per_headline']:.1f} ms | {dollars(one)} "
        f"| {many['ms_per_headline']:.2f} ms | {dollars(many)} | {how(one)} | {how(many)} |"
    )


def is_ours(row: Figures, memory_mb: int) -> bool:
    return (row["engine"], row["memory_mb"]) == ("agnews-onnx", memory_mb)


def dollars(row: Figures) -> str:
    return " / ".join(f"${row['dollars_per_million'][name]:.3f}" for name in ("x86_64", "arm64"))


def how(row: Figures) -> str:
    """How a time was come by, in short."""
    found: str = row["how"].replace("measured, 1 threads", "1 thread").replace("measured, 2 threads", "2 threads")
    return found


@pytest.mark.parametrize("name", HANDLERS)
def test_the_table_of_handlers_is_what_was_measured(name: str) -> None:
    assert f"| {HANDLERS[name]} {cells(name, *map(figures, ('cold', 'warm', 'lists')))}" in README


@pytest.mark.parametrize("machine", MACHINES)
def test_the_table_of_machines_is_what_was_measured(machine: str) -> None:
    assert f"| {machine} {ratios(MACHINES[machine])}" in README
    cpus = {figures(f"{MACHINES[machine]}{name}")["machine"]["cpu"] for name in ("cold", "warm", "lists")}
    assert len(cpus) == 1
    assert cpus.pop().replace("(R)", "").startswith(machine.partition(" (")[0])


@pytest.mark.parametrize("name", OF_BASE)
def test_the_table_of_the_larger_shape_is_what_was_measured(name: str) -> None:
    assert f"| {HANDLERS[name]} {shape_cells(name, figures('shapes'))}" in README


@pytest.mark.parametrize("sentence", sentences())
def test_what_is_said_of_speed_was_measured(sentence: str) -> None:
    assert sentence in README


@pytest.mark.parametrize("name", ["cold", "warm"])
def test_the_spread_of_the_rounds_is_told(name: str) -> None:
    assert spread(name) in README


@pytest.mark.parametrize("memory_mb", sorted({row["memory_mb"] for row in figures("cost")["table"]}))
def test_the_table_of_prices_is_what_was_measured(memory_mb: int) -> None:
    assert price_row(memory_mb) in README


def test_the_default_memory_is_the_one_that_was_found_sensible() -> None:
    found = figures("cost")
    assert f"onnx: {{MemoryMB: {found['default']}," in (ROOT / "template.yaml").read_text(encoding="utf-8")
    assert f"the default is {found['default']:,} MB" in README
