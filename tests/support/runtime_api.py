"""The runtime client's results, checked and parsed."""

import json
from typing import Any

import pytest

from benchmarks.runtime_api import PATIENCE_S, Outcome, RuntimeApi, runtime

__all__ = ["PATIENCE_S", "Outcome", "RuntimeApi", "answered", "parsed", "runtime"]


def parsed(outcome: Outcome, kind: str = "response") -> Any:
    """Return the posted JSON. Fails for another kind of outcome, and for NaN or Infinity."""
    assert outcome.kind == kind, outcome

    def refuse(token: str) -> None:
        pytest.fail(f"{token} in an answer")

    return json.loads(outcome.body.decode(), parse_constant=refuse)


def answered(api: RuntimeApi, event: object, left_ms: int = 60_000) -> Any:
    """Return the handler's answer to `event`."""
    return parsed(api.invoke(json.dumps(event).encode(), left_ms))
