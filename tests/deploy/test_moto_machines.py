"""The bulk state machine's states on moto's interpreter of state machines."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.requirement import require_deploy_tools, require_module

require_module("boto3", "yaml")

from tests.support.aws_account import Account  # noqa: E402
from tests.support.moto_machines import executed, interpreting_account  # noqa: E402
from tests.support.stack import Stack  # noqa: E402
from tests.support.texts import GOAL, OIL  # noqa: E402

INPUT = {"bucket": "in", "key": "headlines.csv", "format": "csv", "output_bucket": "out", "output_prefix": "topics"}


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, served_url: str) -> Iterator[Account]:
    require_deploy_tools()
    with interpreting_account(tmp_path_factory.mktemp("machines"), served_url) as account:
        yield account


def child(name: str) -> dict[str, Any]:
    """Return the machine that classifies one batch of the Map state `name`."""
    processor = Stack().definition["States"][name]["ItemProcessor"]
    return {"QueryLanguage": "JSONata"} | {key: processor[key] for key in ("StartAt", "States")}


def check() -> dict[str, Any]:
    """Return the machine up to its Map states, which moto cannot run as they are: it succeeds with the name of one."""
    definition: dict[str, Any] = Stack().definition
    reached = {name: {"Type": "Succeed", "Output": {"reached": name}} for name in ("Csv", "Jsonl")}
    return definition | {"States": definition["States"] | reached}


@pytest.mark.parametrize("name", ["Csv", "Jsonl"])
def test_a_batch_comes_back_in_its_order(machines: Account, name: str) -> None:
    batch = {
        "BatchInput": {"top_k": 2, "id_column": "nr"},
        "Items": [{"nr": "1", "title": OIL}, {"nr": 2, "title": GOAL}],
    }
    described = executed(machines, child(name), batch)
    assert described["status"] == "SUCCEEDED", described
    predictions = json.loads(described["output"])
    assert [(item["id"], item["label"], len(item["scores"])) for item in predictions] == [
        ("1", "Business", 2),
        (2, "Sports", 2),
    ]


def test_a_batch_of_one_row_is_a_list_of_one(machines: Account) -> None:
    described = executed(machines, child("Csv"), {"BatchInput": {}, "Items": [{"title": OIL}]})
    assert [item["label"] for item in json.loads(described["output"])] == ["Business"]


def test_a_batch_that_the_function_refuses_fails_by_the_errors_name(machines: Account) -> None:
    described = executed(machines, child("Csv"), {"BatchInput": {"top_k": 9}, "Items": [{"title": OIL}]})
    assert (described["status"], described["error"]) == ("FAILED", "InputError")


@pytest.mark.parametrize(
    ("changed", "reached"),
    [
        ({}, "Csv"),
        ({"format": "jsonl"}, "Jsonl"),
        ({"options": {}}, "Csv"),
        ({"options": {"top_k": 2, "text_column": "t"}}, "Csv"),
        ({"options": {"topK": 2}}, "InputError"),
        ({"options": {"top_k": 2, "model": "x"}}, "InputError"),
        ({"format": "tsv"}, "InputError"),
        *(({name: ...}, "InputError") for name in INPUT),
    ],
    ids=str,
)
def test_the_check_lets_only_complete_inputs_through(machines: Account, changed: dict[str, Any], reached: str) -> None:
    given = {name: value for name, value in (INPUT | changed).items() if value is not ...}
    described = executed(machines, check(), given)
    assert (json.loads(described["output"])["reached"] if "output" in described else described["error"]) == reached
