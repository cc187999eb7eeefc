"""The bulk state machine of template.yaml, its batches through the real runtime client."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.requirement import require_module

require_module("jsonata", "yaml", "awslambdaric")

from tests.support.distributed_map import ExecutionError, Run  # noqa: E402
from tests.support.item_reader import read_items  # noqa: E402
from tests.support.objects import Folder, table  # noqa: E402
from tests.support.runtime_api import Outcome, RuntimeApi, runtime  # noqa: E402
from tests.support.stack import Stack  # noqa: E402
from tests.support.texts import GOAL, OIL  # noqa: E402

INPUT = {"bucket": "in", "key": "headlines.csv", "format": "csv", "output_bucket": "out", "output_prefix": "topics"}
THROTTLED = Outcome("error", b'{"errorType": "Lambda.TooManyRequestsException", "errorMessage": "Rate exceeded"}')


def run(folder: Folder, api: RuntimeApi, content: dict[str, Any] = INPUT, **parameters: str) -> Run:
    """Run the state machine and return the run, whether it succeeded or failed."""
    finished = Run(Stack(**parameters).definition, folder, api.invoke)
    try:
        finished.execute(content)
    except ExecutionError:
        assert finished.status == "FAILED"
    return finished


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RuntimeApi]:
    """A function with a limit of 2,000 bytes for the answer to a batch."""
    log = tmp_path_factory.mktemp("runtime") / "log.txt"
    with runtime(log, AGNEWS_MAX_ITEMS_ANSWER_BYTES="2000") as api:
        yield api


def test_every_row_comes_back_with_its_id_and_joins_to_the_input(lambda_: RuntimeApi) -> None:
    rows = [{"id": f"n-{number}", "title": (OIL, GOAL)[number % 2], "place": "x"} for number in range(300)]
    folder = table(rows)
    finished = run(folder, lambda_, BulkBatchItems="64")
    assert (finished.status, finished.items["succeeded"], finished.batches["succeeded"]) == ("SUCCEEDED", 300, 5)
    topics = {line["id"]: line["label"] for line in folder.lines("SUCCEEDED")}
    assert topics == {row["id"]: "Business" if row["title"] == OIL else "Sports" for row in rows}


def test_a_file_of_one_row_gives_one_line(lambda_: RuntimeApi) -> None:
    folder = table([{"id": "7", "title": OIL}])
    assert run(folder, lambda_).status == "SUCCEEDED"
    (line,) = folder.lines("SUCCEEDED")
    assert (line["id"], line["label"]) == ("7", "Business")


def test_an_empty_table_succeeds_with_a_manifest_alone(lambda_: RuntimeApi) -> None:
    folder = Folder({("in", "headlines.csv"): b"id,title\n"})
    finished = run(folder, lambda_)
    manifest = finished.output["ResultWriterDetails"]["Key"]
    assert (finished.status, set(folder.objects)) == ("SUCCEEDED", {("in", "headlines.csv"), ("out", manifest)})


def test_options_and_columns_reach_the_function(lambda_: RuntimeApi) -> None:
    folder = table([{"nr": "1", "Schlagzeile": OIL, "Text": "Crude rose"}])
    columns = {"text_column": "Schlagzeile", "description_column": "Text", "id_column": "nr"}
    assert run(folder, lambda_, INPUT | {"options": columns | {"top_k": 2, "min_score": 0.1}}).status == "SUCCEEDED"
    (line,) = folder.lines("SUCCEEDED")
    assert (line["id"], len(line["scores"]), line["abstained"]) == ("1", 2, False)


def test_json_lines_are_read_as_well(lambda_: RuntimeApi) -> None:
    lines = [json.dumps(OIL), json.dumps({"id": 2, "headline": GOAL})]
    folder = Folder({("in", "headlines.jsonl"): "\n".join(lines).encode()})
    assert run(folder, lambda_, INPUT | {"key": "headlines.jsonl", "format": "jsonl"}).status == "SUCCEEDED"
    assert [(line.get("id"), line["label"]) for line in folder.lines("SUCCEEDED")] == [
        (None, "Business"),
        (2, "Sports"),
    ]


def test_a_bad_row_is_an_error_in_its_place_and_fails_no_batch(lambda_: RuntimeApi) -> None:
    folder = table([{"id": "1", "title": OIL}, {"id": "2", "title": ""}, {"id": "3", "title": GOAL}])
    finished = run(folder, lambda_, BulkToleratedFailurePercentage="0")
    lines = folder.lines("SUCCEEDED")
    assert (finished.status, [line["id"] for line in lines]) == ("SUCCEEDED", ["1", "2", "3"])
    assert lines[1]["error"]["type"] == "InputError"


def test_quotes_commas_line_ends_and_short_rows_are_read_as_aws_reads_them(lambda_: RuntimeApi) -> None:
    text = 'id,title,place\n1,"Oil, and ""more"",\nclimbs",x\n2,Striker scores\n3,a,b,c\n'
    assert list(read_items(text.encode(), {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"})) == [
        {"id": "1", "title": 'Oil, and "more",\nclimbs', "place": "x"},
        {"id": "2", "title": "Striker scores", "place": ""},
        {"id": "3", "title": "a", "place": "b"},
    ]
    folder = Folder({("in", "headlines.csv"): text.encode()})
    assert run(folder, lambda_).items == {"total": 3, "succeeded": 3, "failed": 0, "aborted": 0}


def mixed() -> Folder:
    """Return four batches of ten. The ids of the third make its answer too large."""
    rows = [{"id": str(number).zfill(250 if 20 <= number < 30 else 2), "title": OIL} for number in range(40)]
    return table(rows)


def test_a_batch_that_cannot_be_answered_fails_by_name_at_once_and_the_others_are_kept(small: RuntimeApi) -> None:
    folder = mixed()
    finished = run(folder, small, BulkBatchItems="10", BulkToleratedFailurePercentage="25")
    assert (finished.status, finished.items["failed"], finished.batches["failed"]) == ("SUCCEEDED", 10, 1)
    (failed,) = folder.lines("FAILED")
    assert (failed["Status"], failed["Error"]) == ("FAILED", "AnswerSizeError")
    assert [item["id"][-2:] for item in json.loads(failed["Input"])["Items"]] == [str(n) for n in range(20, 30)]
    assert len(folder.lines("SUCCEEDED")) == 30


def test_a_run_in_which_more_fails_than_is_tolerated_fails_and_keeps_what_was_answered(small: RuntimeApi) -> None:
    folder = mixed()
    finished = run(folder, small, BulkBatchItems="10", BulkToleratedFailurePercentage="24")
    assert finished.error is not None
    assert finished.error.error == "States.ExceedToleratedFailureThreshold"
    assert (finished.items["aborted"], len(folder.lines("SUCCEEDED"))) == (10, 20)


def test_a_throttled_batch_is_tried_again_with_growing_pauses_until_it_is_answered(lambda_: RuntimeApi) -> None:
    waiting = [THROTTLED] * 6
    paused: list[float] = []
    folder = table([{"id": "1", "title": OIL}])

    def invoke(payload: bytes) -> Outcome:
        return waiting.pop() if waiting else lambda_.invoke(payload)

    Run(Stack().definition, folder, invoke, paused.append).execute(INPUT)
    assert folder.lines("SUCCEEDED")[0]["label"] == "Business"
    longest = (1, 2, 4, 8, 16, 30)
    assert all(0 <= pause <= most for pause, most in zip(paused, longest, strict=True))
    assert sum(paused) > 1  # full jitter is random: six pauses that add up to less come once in more than a million


def test_a_batch_that_stays_throttled_fails_by_lambdas_name() -> None:
    folder = table([{"id": "1", "title": OIL}])
    finished = Run(Stack().definition, folder, lambda payload: THROTTLED, lambda seconds: None)
    with pytest.raises(ExecutionError, match="ExceedToleratedFailureThreshold"):
        finished.execute(INPUT)
    assert folder.lines("FAILED")[0]["Error"] == "Lambda.TooManyRequestsException"


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "tsv"},
        {"options": {"topK": 2}},
        {"options": {"model": "x"}},
        {"bucket": ""},
        *({name: ...} for name in ("bucket", "key", "format", "output_bucket", "output_prefix")),
    ],
    ids=str,
)
def test_another_format_or_option_or_a_missing_name_is_refused_before_anything_is_read(wrong: dict[str, Any]) -> None:
    def invoke(payload: bytes) -> Outcome:
        pytest.fail("invoked")

    with pytest.raises(ExecutionError, match="InputError: expected bucket, key, format"):
        given = {name: value for name, value in (INPUT | wrong).items() if value is not ...}
        Run(Stack().definition, Folder(), invoke).execute(given)


def test_a_full_batch_with_the_longest_ids_and_all_scores_is_small_enough_to_be_handed_on(lambda_: RuntimeApi) -> None:
    rows = [{"id": str(number).zfill(256), "title": OIL} for number in range(500)]
    folder = table(rows)
    options = {"options": {"top_k": 4, "min_score": 0.5}}
    assert run(folder, lambda_, INPUT | options, BulkToleratedFailurePercentage="0").batches["succeeded"] == 1
    assert len(folder.lines("SUCCEEDED")) == 500


def test_no_batch_is_larger_than_a_state_takes(lambda_: RuntimeApi) -> None:
    rows = [{"id": str(number), "title": OIL, "rest": "x" * 40_000} for number in range(12)]
    finished = run(table(rows), lambda_)
    assert (finished.status, finished.batches["total"]) == ("SUCCEEDED", 2)


def test_the_two_map_states_differ_in_their_reader_alone() -> None:
    states = Stack().definition["States"]
    text = {name: json.dumps(states[name]).replace(name, "Map") for name in ("Csv", "Jsonl")}
    reader = {name: json.dumps(states[name]["ItemReader"]["ReaderConfig"]) for name in text}
    assert text["Csv"].replace(reader["Csv"], "") == text["Jsonl"].replace(reader["Jsonl"], "")
