"""What the runtime client posted, as the tests read it."""

import json
from typing import Any

import pytest

from benchmarks.runtime_api import PATIENCE_S, Outcome, RuntimeApi, runtime

__all__ = ["PATIENCE_S", "Outcome", "RuntimeApi", "answered", "parsed", "runtime"]


def parsed(outcome: Outcome, kind: str = "response") -> Any:
    """The posted JSON. Fails for another kind of outcome, and for a NaN or Infinity in it."""
    assert outcome.kind == kind, outcome

    def refuse(token: str) -> None:
        pytest.fail(f"{token} in an answer")

    return json.loads(outcome.body.decode(), parse_constant=refuse)


def answered(api: RuntimeApi, event: object, left_ms: int = 60_000) -> Any:
    return parsed(api.invoke(json.dumps(event).encode(), left_ms))
