"""Time a bulk run on this machine: the state machine's definition, each batch through the real runtime client.

python -m benchmarks.bulk_run [--rows 1000000] [--results FOLDER]

Only the function is measured: the time of Step Functions, S3 and Lambda's cold starts is not included. Needs the
packages of the tests (jsonata-python, PyYAML, awslambdaric).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median_high
from typing import Any

from benchmarks.record import SPEED, record
from modeling.headlines import headlines
from tests.support.distributed_map import Run
from tests.support.runtime_api import Outcome, RuntimeApi, runtime
from tests.support.stack import Stack

DIFFERENT = 20_000
"""How many headlines differ; further rows repeat them under new ids."""
INPUT = {"bucket": "in", "key": "headlines.csv", "format": "csv", "output_bucket": "out", "output_prefix": "topics"}


@dataclass(frozen=True)
class Folder:
    """S3 objects as files."""

    path: Path

    def read(self, bucket: str, key: str) -> bytes:
        return (self.path / bucket / key).read_bytes()

    def write(self, bucket: str, key: str, content: bytes) -> None:
        path = self.path / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@dataclass
class Timed:
    """The function, and how long it took for each batch."""

    api: RuntimeApi
    batch_s: list[float] = field(default_factory=list)

    def invoke(self, payload: bytes) -> Outcome:
        start = time.perf_counter()
        outcome = self.api.invoke(payload)
        self.batch_s.append(time.perf_counter() - start)
        return outcome


def main() -> None:
    """Run the command line that the module's docstring describes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--memory", type=int, default=1769, metavar="MB", help="which sets the number of workers")
    parser.add_argument("--results", type=Path, default=SPEED, metavar="FOLDER", help="default: %(default)s")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        figures = measured(Folder(Path(scratch)), arguments.rows, arguments.memory)
    path = record("bulk_run", figures, arguments.results)
    print(path, f"{figures['headlines_per_s']:,.0f} headlines a second")


def table(rows: int) -> Iterator[str]:
    """Yield the lines of a CSV file: an id and a generated headline."""
    texts = headlines(min(rows, DIFFERENT))
    yield "id,title\n"
    for number in range(rows):
        text = texts[number % len(texts)].replace('"', '""')
        yield f'{number},"{text}"\n'


def measured(files: Folder, rows: int, memory: int) -> dict[str, Any]:
    """Return the figures of one run. Raises AssertionError if a row is lost or has an error."""
    files.write("in", "headlines.csv", "".join(table(rows)).encode())
    with runtime(files.path / "log.txt", AWS_LAMBDA_FUNCTION_MEMORY_SIZE=str(memory)) as api:
        timed = Timed(api)
        run = Run(Stack().definition, files, timed.invoke)
        start = time.perf_counter()
        run.execute(INPUT)
        total_s = time.perf_counter() - start
    (results,) = files.path.glob("out/topics/*/SUCCEEDED_0.jsonl")
    with results.open(encoding="utf-8") as lines:
        answers = [json.loads(line) for line in lines]
    assert [int(answer["id"]) for answer in answers] == list(range(rows))
    assert not any("error" in answer for answer in answers)
    function_s = sum(timed.batch_s)
    return {
        "rows": rows,
        "different": min(rows, DIFFERENT),
        "memory_mb": memory,
        "batches": run.batches["total"],
        "failed": run.items["failed"],
        "input_bytes": len(files.read("in", "headlines.csv")),
        "output_bytes": results.stat().st_size,
        "total_s": total_s,
        "function_s": function_s,
        "headlines_per_s": rows / function_s,
        "batch_s": {"median": median_high(timed.batch_s), "largest": max(timed.batch_s)},
    }


if __name__ == "__main__":
    main()
