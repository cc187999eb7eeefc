"""Measure the rate of int8 matrix products that ONNX Runtime reaches on large matrices.

python -m benchmarks.roofline [--threads N]
"""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from typing import Any

import numpy as np

from benchmarks.command import parser, setup_of
from benchmarks.record import record
from benchmarks.rounds import interleaved, medians

SIZES = (
    (512, 1536, 384),
    (512, 384, 1536),
    (2048, 1536, 384),
    (2048, 384, 1536),
    (1024, 1024, 1024),
    (2048, 2048, 2048),
)
"""Rows, inner, columns; the model's own weights among them."""
OPERATORS = ("MatMulInteger", "DynamicQuantizeMatMul")
ROUNDS = 7
LEAST_S = 0.05
"""A timing takes at least this long; short products are repeated."""

Size = tuple[int, int, int]


def main() -> None:
    """Run the command line that the module's docstring describes."""
    setup = setup_of(parser(__doc__, ROUNDS).parse_args())
    figures = measured(setup.threads, setup.rounds)
    print(record("roofline", figures, setup.results, setup.model_dir), figures["best"])


def measured(threads: int, rounds: int = ROUNDS, sizes: tuple[Size, ...] = SIZES) -> dict[str, Any]:
    """Return operations per second of each operator, size and way to use the threads, and the best of all."""
    runs: dict[str, Callable[[], float]] = {}
    for operator in OPERATORS:
        for size in sizes:
            name = f"{operator} {'x'.join(map(str, size))}"
            runs[f"{name}, intra-op threads"] = rate_of(product(operator, size, threads), operations(size))
            if threads > 1:
                runs[f"{name}, workers"] = by_workers(product(operator, size, 1), operations(size), threads)
    rates = medians(interleaved(runs, rounds))
    best = max(rates, key=rates.__getitem__)
    return {
        "what": "int8 operations per second (a multiply and an add are two)",
        "threads": threads,
        "operations_per_s": rates,
        "best": {"of": best, "operations_per_s": rates[best]},
    }


def operations(size: Size) -> int:
    """Return the number of operations in one product."""
    rows, inner, columns = size
    return 2 * rows * inner * columns


def product(operator: str, size: Size, threads: int) -> Callable[[], object]:
    """Return a run of uint8 (or dynamically quantised float32) [rows, inner] times constant int8 [inner, columns]."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(graph(operator, size), options, providers=["CPUExecutionProvider"])
    chance = np.random.default_rng(1)
    left = chance.integers(0, 255, size[:2]).astype(np.uint8 if operator == "MatMulInteger" else np.float32)
    return lambda: session.run(None, {"left": left})


def graph(operator: str, size: Size) -> bytes:
    """Return a serialised model of one product."""
    from onnx import TensorProto, helper, numpy_helper

    rows, inner, columns = size
    right = np.random.default_rng(2).integers(-63, 63, (inner, columns)).astype(np.int8)
    constants = [numpy_helper.from_array(right, "right")]
    inputs, outputs = ["left", "right"], (TensorProto.UINT8, TensorProto.INT32)
    if operator == "DynamicQuantizeMatMul":
        outputs = (TensorProto.FLOAT, TensorProto.FLOAT)
        constants.append(numpy_helper.from_array(np.ones(columns, dtype=np.float32), "scale"))
        inputs = [*inputs, "scale"]
    domain = "com.microsoft" if operator == "DynamicQuantizeMatMul" else ""
    node = helper.make_node(operator, inputs, ["out"], domain=domain)
    left = helper.make_tensor_value_info("left", outputs[0], [rows, inner])
    out = helper.make_tensor_value_info("out", outputs[1], [rows, columns])
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_graph([node], "product", [left], [out], constants)
    content: bytes = helper.make_model(model, opset_imports=opsets, ir_version=10).SerializeToString()
    return content


def rate_of(run: Callable[[], object], done: int) -> Callable[[], float]:
    """Return a measurement of operations per second of `run`, which does `done` of them."""
    run()
    return lambda: done / median(timed(run) for _ in range(3))


def by_workers(run: Callable[[], object], done: int, workers: int) -> Callable[[], float]:
    """Return the same measurement with `workers` threads that call `run` concurrently."""

    def all_at_once() -> None:
        with ThreadPoolExecutor(workers) as pool:
            for future in [pool.submit(repeat) for _ in range(workers)]:
                future.result()

    def repeat() -> None:
        for _ in range(times):
            run()

    run()
    times = max(1, round(LEAST_S / timed(run)))
    return lambda: done * times * workers / timed_once(all_at_once)


def timed(run: Callable[[], object]) -> float:
    """Return seconds of one `run`, the mean over at least LEAST_S."""
    first = timed_once(run)
    times = max(1, round(LEAST_S / first))
    start = time.perf_counter()
    for _ in range(times):
        run()
    return (time.perf_counter() - start) / times


def timed_once(run: Callable[[], object]) -> float:
    """Return seconds of one `run`."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
