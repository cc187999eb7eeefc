"""`agnews bulk`, by real boto3 against moto, its runs answered by the real runtime client."""

import json
import re
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.requirement import require_module

require_module("boto3", "jsonata", "yaml", "awslambdaric")

from agnews.cli.bulk import command  # noqa: E402
from agnews.cli.bulk.cost import CostMeter  # noqa: E402
from agnews.cli.bulk.execution import RunProgress  # noqa: E402
from agnews.cli.main import main  # noqa: E402
from agnews.cli.terminal import bulk_progress_bar  # noqa: E402
from tests.support.runtime_api import RuntimeApi  # noqa: E402
from tests.support.stack import Stack  # noqa: E402
from tests.support.step_functions import Bucket, Machines, running_account  # noqa: E402
from tests.support.texts import GOAL, OIL  # noqa: E402

CSV = f"id,Title,place\n1,{OIL},x\n2,{GOAL},y\n3,,z\n"
OUT = "s3://news/topics/"
GONE = "arn:aws:states:us-east-1:123456789012:{}:gone"


@pytest.fixture(scope="module")
def machines(moto_url: str, lambda_: RuntimeApi) -> Iterator[Machines]:
    """An account with a bucket, files and the template's state machine."""
    import boto3

    with running_account(moto_url, lambda_.invoke) as (account, machines), pytest.MonkeyPatch.context() as patch:
        for name, value in account.environment.items():
            patch.setenv(name, value)
        files = machines.files
        files.client.create_bucket(Bucket="news")
        for key, text in (("in.csv", CSV), ("empty.csv", ""), ("in.jsonl", f'"{OIL}"\n{{"headline": "{GOAL}"}}\n')):
            files.write("news", key, text.encode())
        files.write("news", "bom.csv", b"\xef\xbb\xbftitle\nx\n")
        files.write("news", "bad.jsonl", b'{"headline": "x"}, \n')
        role = "arn:aws:iam::123456789012:role/bulk"
        text = json.dumps(Stack().definition)
        states = boto3.client("stepfunctions", region_name="us-east-1")
        states.create_state_machine(name="agnews-bulk", definition=text, roleArn=role)
        yield machines


@pytest.fixture(autouse=True)
def _poll_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "POLL_INTERVAL_S", 0.05)


def lines_of(machines: Machines, uri: str) -> list[dict[str, object]]:
    bucket, _, key = uri.strip().removeprefix("s3://").partition("/")
    return [json.loads(line) for line in Bucket(machines.files.url).read(bucket, key).decode().splitlines()]


def test_a_file_is_classified_and_the_results_address_is_on_standard_output(
    machines: Machines, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bulk", "s3://news/in.csv", OUT, "--state-machine", "agnews-bulk", "--top-k", "2"]) == 1
    shown = capsys.readouterr()
    assert re.fullmatch(r"s3://news/topics/[\w-]+/SUCCEEDED_0\.jsonl\n", shown.out)
    results = lines_of(machines, shown.out)
    assert [(line["id"], line.get("label")) for line in results] == [("1", "Business"), ("2", "Sports"), ("3", None)]
    assert "3 rows, 0 of them in failed batches" in shown.err
    assert "1 rows have an error instead of a topic" in shown.err


def test_json_lines_are_classified_by_the_state_machine_that_the_environment_names(
    machines: Machines, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGNEWS_BULK", "agnews-bulk")
    assert main(["bulk", "s3://news/in.jsonl", OUT]) == 0
    assert [line["label"] for line in lines_of(machines, capsys.readouterr().out)] == ["Business", "Sports"]


def test_a_run_that_was_not_waited_for_can_be_followed_later(
    machines: Machines, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bulk", "s3://news/in.csv", OUT, "--state-machine", "agnews-bulk", "--no-wait"]) == 0
    shown = capsys.readouterr()
    assert shown.out == ""
    command = re.search(r"agnews bulk (--follow arn:\S+)", shown.err)
    assert command
    assert main(["bulk", *command[1].split()]) == 1
    assert capsys.readouterr().out.startswith("s3://news/topics/")


def test_ctrl_c_leaves_it_running_and_says_how_to_look_again(
    machines: Machines, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sleep = time.sleep

    def interrupt(seconds: float) -> None:
        if threading.current_thread() is threading.main_thread():  # not the simulated AWS
            raise KeyboardInterrupt
        sleep(seconds)

    machines.released.clear()
    with monkeypatch.context() as patch:
        patch.setattr("time.sleep", interrupt)
        assert main(["bulk", "s3://news/in.csv", OUT, "--state-machine", "agnews-bulk"]) == 130
    machines.released.set()
    shown = capsys.readouterr().err
    assert "follow it with: agnews bulk --follow arn:aws:states:" in shown
    assert main(["bulk", "--follow", shown.split()[-1]]) == 1


def test_a_run_that_fails_says_why(machines: Machines, capsys: pytest.CaptureFixture[str]) -> None:
    long = "".join(f"{'1' * 300},{OIL}\n" for _ in range(3))
    machines.files.write("news", "huge.csv", f"id,title,rest\n{long}4,x,{'y' * 300_000}\n".encode())
    assert main(["bulk", "s3://news/huge.csv", OUT, "--state-machine", "agnews-bulk"]) == 2
    assert "the run failed after 0 rows: States.ItemReaderFailed: an item of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["in.csv", OUT], "the input is 'in.csv'; expected s3://BUCKET/…"),
        (["s3://news/in.txt", OUT], "expected a file whose name ends in .csv or .jsonl"),
        (["s3://news/in.csv", "s3://news/"], "name a folder in the bucket, such as s3://news/topics/"),
        (["s3://news/in.csv"], "name the input and the output"),
        (["s3://news/none.csv", OUT], "there is no s3://news/none.csv; `aws s3 ls s3://news/` lists what is there"),
        (["s3://nowhere/in.csv", OUT], "there is no bucket 'nowhere'"),
        (["s3://news/empty.csv", OUT], "s3://news/empty.csv is empty"),
        (["s3://news/bom.csv", OUT], "begins with a byte order mark"),
        (["s3://news/in.csv", "s3://nosuchbucket/topics/"], "there is no bucket 'nosuchbucket' for the output"),
        (["s3://news/bad.jsonl", OUT], "bad.jsonl:1: the line is not valid JSON (Extra data"),
        (["s3://news/in.csv", OUT, "--column", "head"], "has no column 'head'; its columns are 'id', 'Title', 'place'"),
        (
            ["s3://news/in.jsonl", OUT, "--id-column", "id", "--top-k", "101"],
            "top_k must be a whole number from 1 to 100",
        ),
        (
            ["s3://news/in.csv", OUT, "--state-machine", "other"],
            "there is no state machine 'other' in us-east-1; deploy",
        ),
        (["s3://news/in.csv", OUT, "--state-machine", GONE.format("stateMachine")], "there is no state machine arn:"),
        (["s3://news/in.csv", OUT], "there is no stack 'agnews' to look up the state machine in; deploy with Bulk=yes"),
        (["--follow", GONE.format("execution") + ":1"], "there is no execution arn:"),
        (["--follow", "it"], "'it' is not the ARN of an execution"),
        (["s3://news/in.csv", "--follow", "it"], "--follow takes no other argument"),
    ],
)
def test_what_cannot_be_run_is_refused_with_its_remedy(
    machines: Machines, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    runs_before = len(machines.runs)
    assert main(["bulk", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert len(machines.runs) == runs_before


def test_without_credentials_it_says_how_to_get_some(
    machines: Machines, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    assert main(["bulk", "s3://news/in.csv", OUT]) == 2
    assert "there are no AWS credentials; run aws configure" in capsys.readouterr().err


def test_without_boto3_it_names_the_extra(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    assert main(["bulk", "s3://news/in.csv", OUT]) == 2
    assert "this needs boto3: pip install boto3" in capsys.readouterr().err


def test_the_estimate_counts_batches_and_the_seconds_that_they_were_at_work() -> None:
    meter = CostMeter(memory_gb=2.0, architecture="x86_64")
    assert meter.dollars(RunProgress("RUNNING", batches=0), 0.0) == 0
    dollars = meter.dollars(RunProgress("RUNNING", done=1000, batches=12, running=10), 60.0)
    batch = 0.025 / 1000 + 1.00 / 1e6 + 0.20 / 1e6
    assert dollars == pytest.approx(12 * batch + 600 * (2.0 * 0.0000166667 + 0.00001667 * 64 / 1024))


def test_rows_done_before_the_first_observation_are_assumed_to_have_cost_the_same() -> None:
    early, late = CostMeter(1.0, "arm64"), CostMeter(1.0, "arm64")
    early.dollars(RunProgress("RUNNING"), 0.0)
    late.dollars(RunProgress("RUNNING", done=500), 0.0)
    progress = RunProgress("RUNNING", done=1000, running=4)
    joined_late, joined_early = late.dollars(progress, 10.0), early.dollars(progress, 10.0)
    assert joined_late is not None and joined_early is not None
    assert joined_late == pytest.approx(2 * joined_early)


def test_a_run_that_was_not_observed_at_work_has_no_estimate() -> None:
    meter = CostMeter(1.0, "arm64")
    assert meter.dollars(RunProgress("SUCCEEDED", done=1000, batches=2), 0.0) is None


def test_the_bar_shows_rows_failures_rate_and_cost(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes standard error for a terminal
    monkeypatch.setenv("COLUMNS", "160")
    with bulk_progress_bar() as show:
        show(0, 10, 0, None)
        show(5, 10, 1, 0.5)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().err)
    assert re.search(r"5 of 10 rows, 1 failed, [\d,]+ rows/s, about \$0\.50", shown)
