"""Clients that others' generators make of /openapi.json call the function."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.labelled import ODD, headline_about
from tests.support.requirement import ROOT, require

pytestmark = pytest.mark.interop

CLIENTS = ROOT / ".venv-clients" / "bin"
PATIENCE_S = 300
PYTHON_CLIENT = """
from client import Client
from client.api.default import classify, health
from client.models import Error, ItemError, ListRequest, Prediction, Predictions, TextRequest

client = Client(base_url=URL, raise_on_unexpected_status=True)
assert health.sync(client=client).status == "ok"
one = classify.sync(client=client, body=TextRequest(text="Striker scores twice", top_k=2, explain=True))
assert isinstance(one, Prediction)
assert one.label == "Sports"
assert len(one.scores.additional_properties) == 2
assert one.explanation[0].word == "Striker"
several = classify.sync(client=client, body=ListRequest(texts=["Striker scores twice", {"title": "Goal", "id": 7}, ""]))
assert isinstance(several, Predictions)
assert [type(item) for item in several.predictions] == [Prediction, Prediction, ItemError]
assert (several.predictions[1].id, several.errors) == (7, 1)
assert classify.sync(client=client, body=["Striker scores twice"], top_k=2).count == 1
unsure = classify.sync(client=client, body="Striker scores twice", min_score=1.0)
assert (unsure.label, unsure.abstained) == (None, True)
assert classify.sync(client=client, body=TextRequest(text="")).error.type_ == "InputError"
"""
OPENAPI_GENERATOR = """
from client import ApiClient, Configuration, DefaultApi
from client.exceptions import UnprocessableEntityException
from client.models import ItemError, ListRequest, Prediction, Request, TextRequest, TextRequestText

api = DefaultApi(ApiClient(Configuration(host=URL)))
assert api.health().status == "ok"
text = TextRequestText("Striker scores twice")
one = api.classify(Request(TextRequest(text=text, top_k=2, explain=True))).actual_instance
assert isinstance(one, Prediction)
assert (one.label, len(one.scores), one.explanation[0].word) == ("Sports", 2, "Striker")
request = Request(ListRequest(texts=["Striker scores twice", {"title": "Goal", "id": 7}, ""]))
several = api.classify(request).actual_instance
items = [item.actual_instance for item in several.predictions]
assert [type(item) for item in items] == [Prediction, Prediction, ItemError]
assert (items[1].id.actual_instance, several.errors) == (7, 1)
assert api.classify(Request(["Striker scores twice"]), top_k=2).actual_instance.count == 1
unsure = api.classify(Request("Striker scores twice"), min_score=1.0).actual_instance
assert (unsure.label, unsure.abstained) == (None, True)
try:
    api.classify(Request(TextRequest(text=TextRequestText(chr(1)))))
except UnprocessableEntityException as error:
    assert error.data.error.type == "InputError"
else:
    raise AssertionError("a text without words was not refused")
"""

ODD_LABELS = """
from client.models import Label

assert sorted(label.value for label in Label) == sorted(LABELS)
"""
PYTHON_ODD = f"""
from client import Client
from client.api.default import classify
from client.models import ListRequest
{ODD_LABELS}
found = classify.sync(client=Client(base_url=URL), body=ListRequest(texts=TEXTS)).predictions
assert [item.label.value for item in found] == LABELS
"""
GENERATOR_ODD = f"""
from client import ApiClient, Configuration, DefaultApi
from client.models import ListRequest, Request
{ODD_LABELS}
api = DefaultApi(ApiClient(Configuration(host=URL)))
found = api.classify(Request(ListRequest(texts=TEXTS))).actual_instance.predictions
assert [item.actual_instance.label.value for item in found] == LABELS
"""
ALIKE = ("a/b", "A B", "7", "3", "None", "class", "<b>", "日本", *ODD)
"""Labels that are no names in a programming language, and some of which would be the same one."""


def run(*command: str | Path, folder: Path) -> None:
    """Run a command, which must succeed, in `folder`."""
    path = os.pathsep.join([str(CLIENTS), os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, encoding="utf-8", timeout=PATIENCE_S
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def require_generator(name: str) -> Path:
    """Return the generator's path; skip or fail the test without it, or without the Java that one of them needs."""
    require(name != "openapi-generator-cli" or shutil.which("java") is not None, "Java")
    require((CLIENTS / name).exists(), f"{name} ({CLIENTS})", "make test-interop")
    return CLIENTS / name


def call(script: str, url: str, folder: Path) -> None:
    """Run a script that calls the function at `url` through the generated client."""
    texts = [headline_about(label) for label in range(len(ALIKE))]
    run(CLIENTS / "python3", "-c", f"URL={url!r}\nTEXTS={texts}\nLABELS={[*ALIKE]}\n{script}", folder=folder)


def call_with_python_client(script: str, url: str, folder: Path) -> None:
    generator = require_generator("openapi-python-client")
    options = ["--url", f"{url}/openapi.json", "--meta", "none", "--output-path", "client"]
    run(generator, "generate", *options, folder=folder)
    call(script, url, folder)


def call_with_openapi_generator(script: str, url: str, folder: Path) -> None:
    generator = require_generator("openapi-generator-cli")
    options = ["-i", f"{url}/openapi.json", "-g", "python", "--package-name", "client", "-o", "."]
    run(generator, "generate", *options, folder=folder)
    call(script, url, folder)


def test_openapi_python_clients_client_calls_the_function(served_url: str, tmp_path: Path) -> None:
    call_with_python_client(PYTHON_CLIENT, served_url, tmp_path)


def test_openapi_generators_client_calls_the_function(served_url: str, tmp_path: Path) -> None:
    call_with_openapi_generator(OPENAPI_GENERATOR, served_url, tmp_path)


@pytest.mark.parametrize("labelled_url", [ALIKE], indirect=True)
def test_openapi_python_clients_client_has_a_constant_for_each_label(labelled_url: str, tmp_path: Path) -> None:
    call_with_python_client(PYTHON_ODD, labelled_url, tmp_path)


@pytest.mark.parametrize("labelled_url", [ALIKE], indirect=True)
def test_openapi_generators_client_has_a_constant_for_each_label(labelled_url: str, tmp_path: Path) -> None:
    call_with_openapi_generator(GENERATOR_ODD, labelled_url, tmp_path)
