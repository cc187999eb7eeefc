"""A bulk run on this machine: the state machine's definition, its batches through the real runtime client, one by one.

python -m benchmarks.bulk_run [--rows 1000000] [--results FOLDER]

What is measured is the function: Step Functions' own time, S3 and Lambda's starts are not here. Needs the packages of
the tests (jsonata-python, PyYAML, awslambdaric).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.record import SPEED, record
from modeling.headlines import headlines
from tests.support.distributed_map import Run
from tests.support.runtime_api import Outcome, RuntimeApi, runtime
from tests.support.stack import Stack

DIFFERENT = 20_000
"""Headlines that differ; more rows repeat them, with ids of their own."""
INPUT = {"bucket": "in", "key": "headlines.csv", "format": "csv", "output_bucket": "out", "output_prefix": "topics"}


@dataclass(frozen=True)
class Folder:
    """Objects of S3 as files."""

    path: Path

    def read(self, bucket: str, key: str) -> bytes:
        return (self.path / bucket / key).read_bytes()

    def write(self, bucket: str, key: str, content: bytes) -> None:
        path = self.path / bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


@dataclass
class Timed:
    """The function, and how long each batch took it."""

    api: RuntimeApi
    batch_s: list[float] = field(default_factory=list)

    def invoke(self, payload: bytes) -> Outcome:
        begun = time.perf_counter()
        found = self.api.invoke(payload)
        self.batch_s.append(time.perf_counter() - begun)
        return found


def main() -> None:
    """Command line: see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--memory", type=int, default=1769, metavar="MB", help="which decides on the workers")
    parser.add_argument("--results", type=Path, default=SPEED, metavar="FOLDER", help="default: %(default)s")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        figures = measured(Folder(Path(scratch)), arguments.rows, arguments.memory)
    path = record("bulk_run", figures, arguments.results)
    print(path, f"{figures['headlines_per_s']:,.0f} headlines a second")


def table(rows: int) -> Iterator[str]:
    """The lines of a CSV file: an id, and a headline made of patterns."""
    texts = headlines(min(rows, DIFFERENT))
    yield "id,title\n"
    for number in range(rows):
        text = texts[number % len(texts)].replace('"', '""')
        yield f'{number},"{text}"\n'


def measured(files: Folder, rows: int, memory: int) -> dict[str, Any]:
    """The figures of one run. Raises AssertionError if a row is lost or has an error."""
    files.write("in", "headlines.csv", "".join(table(rows)).encode())
    with runtime(files.path / "log.txt", AWS_LAMBDA_FUNCTION_MEMORY_SIZE=str(memory)) as api:
        timed = Timed(api)
        run = Run(Stack().definition, files, timed.invoke)
        begun = time.perf_counter()
        run.execute(INPUT)
        total_s = time.perf_counter() - begun
    (results,) = files.path.glob("out/topics/*/SUCCEEDED_0.jsonl")
    with results.open(encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    assert [int(line["id"]) for line in found] == list(range(rows))
    assert not any("error" in line for line in found)
    function_s = sum(timed.batch_s)
    ordered = sorted(timed.batch_s)
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
        "batch_s": {"median": ordered[len(ordered) // 2], "largest": ordered[-1]},
    }


if __name__ == "__main__":
    main()
