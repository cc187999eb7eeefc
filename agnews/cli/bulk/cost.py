"""What a bulk run costs, by AWS's list prices and by what can be seen of it from outside."""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from agnews.cli.bulk.execution import Counts

Architecture = Literal["x86_64", "arm64"]
GB_SECOND: dict[Architecture, float] = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
"""Dollars, us-east-1, November 2026, as are the others: Lambda's, by architecture."""
INVOCATION = 0.20 / 1_000_000
BATCH = 0.025 / 1_000 + 1.00 / 1_000_000
"""A batch is a state transition of the Standard execution, and an Express request."""
EXPRESS_SECOND = 0.00001667 * 64 / 1024
"""Of an Express execution: it is billed for 64 MB at least."""


@dataclass
class Meter:
    """Adds up what batches at work cost, from one look to the next."""

    memory_gb: float
    architecture: Architecture
    seconds: float = 0.0
    """Of batches at work, since the first look."""
    last: float | None = None
    begun: int = 0
    """Rows that were done at the first look: they are taken to have cost as much each."""

    def dollars(self, counts: Counts, now: float) -> float | None:
        """The estimate up to `now`, a clock's seconds; None where no batch was seen at work that would tell."""
        if self.last is None:
            self.begun = counts.done
        else:
            self.seconds += counts.running * (now - self.last)
        self.last = now
        seen = counts.done - self.begun
        if counts.done and not seen:
            return None
        seconds = self.seconds * (counts.done / seen if seen > 0 else 1)
        per_second = self.memory_gb * GB_SECOND[self.architecture] + EXPRESS_SECOND
        return counts.batches * (BATCH + INVOCATION) + seconds * per_second


def meter(states: Any, functions: Any, execution: str) -> Meter | None:
    """A meter for the function that the execution calls; None where the caller may not look at it."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        described = states.describe_state_machine_for_execution(executionArn=execution)
        called = re.search(r'"FunctionName":\s*("[^"]+")', described["definition"])
        if called is None:
            return None
        found = functions.get_function_configuration(FunctionName=json.loads(called[1]))
    except (BotoCoreError, ClientError):
        return None
    return Meter(found["MemorySize"] / 1024, found.get("Architectures", ["x86_64"])[0])
