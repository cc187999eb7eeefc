"""The bulk state machine's expressions on the reference implementation of JSONata."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.requirement import ROOT, require, require_module

require_module("jsonata", "yaml")

from jsonata.jsonata import Jsonata  # noqa: E402

from tests.support.stack import Stack  # noqa: E402

pytestmark = pytest.mark.interop

NODE_MODULES = ROOT / "build" / "npm" / "node_modules"
INPUT = {"bucket": "in", "key": "headlines.csv", "format": "csv", "output_bucket": "out", "output_prefix": ""}
INPUTS: list[dict[str, Any]] = [
    INPUT,
    INPUT | {"format": "jsonl", "options": {}},
    INPUT | {"options": {"top_k": 2, "min_score": 0.5, "explain": True, "id_column": "nr", "text_column": "t"}},
    INPUT | {"options": {"description_column": "d", "model": "x"}},
    INPUT | {"options": {"topK": 1}},
    INPUT | {"bucket": ""},
    *({other: value for other, value in INPUT.items() if other != name} for name in INPUT),
]
RESULTS = [{"Payload": {"predictions": predictions}} for predictions in ([], [{"id": 1}], [{"id": 1}, {"id": 2}])]


def expressions(value: Any) -> Iterator[str]:
    """Yield the JSONata expressions in a definition."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from expressions(item)
    elif isinstance(value, str) and value.startswith("{%"):
        yield value.removeprefix("{%").removesuffix("%}").strip()


def python_value(text: str, states: dict[str, Any]) -> Any:
    """Return the expression's value in the Python implementation, which the tests' runner uses."""
    expression = Jsonata(text)
    frame = expression.create_frame()
    frame.bind("states", states)
    return expression.evaluate(None, frame)


def test_every_expression_has_the_same_value_in_the_reference_implementation() -> None:
    node = shutil.which("node")
    require(node is not None and (NODE_MODULES / "jsonata").exists(), "node with npm's jsonata", "make test-interop")
    texts = sorted(set(expressions(Stack().definition)))
    assert len(texts) >= 15
    states = [{"input": given} for given in INPUTS] + [{"input": INPUT, "result": result} for result in RESULTS]
    cases = [(text, state) for text in texts for state in states]
    done = subprocess.run(
        [str(node), ROOT / "tests" / "support" / "reference_jsonata.js"],
        input=json.dumps(cases),
        env=os.environ | {"NODE_PATH": str(NODE_MODULES)},
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    different = [
        (text, state, python, reference)
        for (text, state), reference in zip(cases, json.loads(done.stdout), strict=True)
        if (python := json.loads(json.dumps(python_value(text, state)))) != reference
    ]
    assert different == []
