"""The image answers as Lambda would ask it: started by its entrypoint, under the runtime interface emulator."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agnews.function.events.dispatch import answer
from agnews.model.classifier import load
from agnews.settings import Settings
from modeling.headlines import headlines
from tests.support.aws_cli import invoke
from tests.support.images import Image, record
from tests.support.requirement import ROOT, require_aws
from tests.support.sandbox import URL, Sandbox, output, started

pytestmark = pytest.mark.image

LAMBDA = {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "3008", "AWS_LAMBDA_FUNCTION_TIMEOUT": "300"}
EMULATED_CPU = {"QEMU_CPU": "neoverse-n1"}
"""Graviton2's: without the int8 matrix products, bfloat16 and SVE of newer ones."""
SCRIPTS = ["البنك المركزي يثبت أسعار الفائدة", "央行维持利率不变", "Центральный банк", "केंद्रीय बैंक", "Goal! ⚽🎉"]
HEADLINES = headlines(300)


@pytest.fixture(scope="module")
def sandbox(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    environment = LAMBDA | (EMULATED_CPU if image.variant.architecture == "arm64" else {})
    with started(image.name, tmp_path_factory.mktemp("image") / "log.txt", **environment) as sandbox:
        yield sandbox


def event(name: str) -> str:
    return f"fileb://{ROOT / 'examples' / 'events' / name}"


def test_lambdas_user_has_no_home_and_can_write_nowhere_but_to_tmp(image: Image) -> None:
    script = (
        "id -u; for place in / . model_cache /var /dev $HOME; do test ! -w $place || echo $place; done; ls -A $HOME"
    )
    assert output(image.name, "sh", "-c", script).split() == ["993"]
    assert output(image.name, "sh", "-c", "echo written > /tmp/file && cat /tmp/file") == "written\n"


def test_the_documented_curl_command_is_answered(sandbox: Sandbox) -> None:
    shown = re.search(
        r"\$ curl (-d .+?/invocations)\n", (ROOT / "docs" / "image.md").read_text(encoding="utf-8"), re.DOTALL
    )
    assert shown
    arguments = shlex.split(shown[1].replace("\\\n", " ").replace("http://127.0.0.1:9000", URL))
    reply = sandbox.curl(*arguments)
    assert (reply["count"], reply["errors"]) == (2, 0)


def test_aws_lambda_invoke_answers_one_headline(sandbox: Sandbox, tmp_path: Path) -> None:
    require_aws()
    invoked = invoke(URL, event("single.json"), tmp_path, inside=sandbox.inside)
    assert (invoked.code, invoked.facts["StatusCode"], invoked.stderr) == (0, 200, "")
    assert invoked.answer["label"] == "Business"


def test_aws_lambda_invoke_answers_a_list_in_order(sandbox: Sandbox, tmp_path: Path) -> None:
    require_aws()
    reply = invoke(URL, event("list.json"), tmp_path, inside=sandbox.inside).answer
    assert [prediction["label"] for prediction in reply["predictions"]] == ["Sports", "Business", "World", "Sci/Tech"]


def test_the_image_answers_over_http_and_holds_the_page(sandbox: Sandbox, tmp_path: Path) -> None:
    require_aws()
    for name, start in (("function_url_post", '{"label": "Business"'), ("function_url_get", "H4sI")):  # gzip in base64
        payload = f"fileb://{ROOT / 'tests' / 'payloads' / name}.json"
        reply = invoke(URL, payload, tmp_path, inside=sandbox.inside).answer
        assert reply["statusCode"] == 200
        assert reply["body"].startswith(start)


def test_the_image_can_send_to_queues(image: Image) -> None:
    script = "from agnews.function.queue import sqs_client; print(sqs_client().meta.endpoint_url)"
    reply = output(image.name, "python3", "-c", script, AWS_DEFAULT_REGION="eu-central-1")
    assert reply == "https://sqs.eu-central-1.amazonaws.com\n"


@pytest.mark.parametrize("escaped", [True, False], ids=["escaped", "utf8"])
def test_headlines_in_other_scripts_come_back_whole(sandbox: Sandbox, escaped: bool) -> None:
    items = [{"id": text, "text": text} for text in SCRIPTS]
    reply = sandbox.post(json.dumps(items, ensure_ascii=escaped))
    assert ([prediction["id"] for prediction in reply["predictions"]], reply["errors"]) == (SCRIPTS, 0)


@pytest.mark.parametrize(
    ("payload", "error_type"),
    [('{"text": ""}', "InputError"), ('{"text": "a", "top_k": 9}', "InputError"), ("{bad", "Runtime.UnmarshalError")],
)
def test_a_bad_event_is_answered_with_a_named_error(sandbox: Sandbox, payload: str, error_type: str) -> None:
    assert sandbox.post(payload)["errorType"] == error_type


def test_the_image_scores_as_the_checkout_does(image: Image, sandbox: Sandbox) -> None:
    settings = Settings(engine=image.variant.engine, workers=2)
    expected: Any = answer([*HEADLINES], load(settings), settings)
    reply = sandbox.post(json.dumps(HEADLINES))
    pairs = list(zip(expected["predictions"], reply["predictions"], strict=True))
    equal = sum(here["label"] == there["label"] for here, there in pairs) / len(pairs)
    difference = max(abs(here["score"] - there["score"]) for here, there in pairs)
    facts = {"headlines": len(pairs), "equal_labels": equal, "largest_score_difference": round(difference, 6)}
    record(image, model=reply["model"], **facts)
    assert equal >= 0.995
    assert difference < (0.05 if image.variant.architecture == "arm64" else 0.01)
