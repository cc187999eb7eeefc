"""An estimate of what a bulk run costs, from AWS's list prices and the number of batches at work."""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal

from agnews.cli.bulk.execution import RunProgress

Architecture = Literal["x86_64", "arm64"]
GB_SECOND: dict[Architecture, float] = {"x86_64": 0.0000166667, "arm64": 0.0000133334}
"""Lambda's price by architecture. All prices are in dollars, us-east-1, November 2026."""
INVOCATION = 0.20 / 1_000_000
BATCH = 0.025 / 1_000 + 1.00 / 1_000_000
"""A state transition of the Standard execution, and an Express request."""
EXPRESS_SECOND = 0.00001667 * 64 / 1024
"""A second of an Express execution, which is billed for at least 64 MB."""


@dataclass
class CostMeter:
    """Adds up the cost of the batches at work, from one observation to the next."""

    memory_gb: float
    architecture: Architecture
    batch_seconds: float = 0.0
    """Seconds of batches at work since the first observation."""
    last_time: float | None = None
    rows_before: int = 0
    """Rows done at the first observation; they are assumed to have cost the same per row."""

    def dollars(self, progress: RunProgress, now: float) -> float | None:
        """Return the estimate up to `now` (a clock's seconds), or None if no row was finished while observed."""
        if self.last_time is None:
            self.rows_before = progress.done
        else:
            self.batch_seconds += progress.running * (now - self.last_time)
        self.last_time = now
        observed = progress.done - self.rows_before
        if progress.done and not observed:
            return None
        seconds = self.batch_seconds * (progress.done / observed if observed > 0 else 1)
        per_second = self.memory_gb * GB_SECOND[self.architecture] + EXPRESS_SECOND
        return progress.batches * (BATCH + INVOCATION) + seconds * per_second


def cost_meter(step_functions: Any, lambda_: Any, execution: str) -> CostMeter | None:
    """Return a meter for the function that the execution calls; None if the caller has no permission to look it up."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        machine = step_functions.describe_state_machine_for_execution(executionArn=execution)
        function = re.search(r'"FunctionName":\s*("[^"]+")', machine["definition"])
        if function is None:
            return None
        configuration = lambda_.get_function_configuration(FunctionName=json.loads(function[1]))
    except (BotoCoreError, ClientError):
        return None
    return CostMeter(configuration["MemorySize"] / 1024, configuration.get("Architectures", ["x86_64"])[0])
