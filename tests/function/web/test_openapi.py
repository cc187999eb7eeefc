"""The OpenAPI document: of exactly the routes there are, and true of them."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agnews import __version__
from agnews.function.web.openapi import document
from agnews.function.web.routes import ROUTES
from agnews.labels import LABELS
from agnews.settings import Settings
from tests.support.labelled import HUNDRED, ODD
from tests.support.local_lambda import request
from tests.support.requirement import ROOT, require_module

PATIENCE_S = 300


def test_the_document_has_exactly_the_routes_and_their_methods() -> None:
    paths = document(Settings(), LABELS)["paths"]
    assert isinstance(paths, dict)
    described = {
        path: [method.upper() for method in methods] for path, methods in paths.items() if isinstance(methods, dict)
    }
    assert described == {path: list(methods) for path, methods in ROUTES.items()}


def test_the_document_names_the_limits_and_the_version() -> None:
    openapi = document(Settings(max_texts=7, max_chars=99), LABELS)
    assert openapi["info"]["version"] == __version__  # type: ignore[index,call-overload]
    assert '"maxItems": 7' in str(openapi).replace("'", '"')
    assert '"maxLength": 99' in str(openapi).replace("'", '"')


@pytest.mark.parametrize("labels", [LABELS, ODD, HUNDRED])
def test_the_document_lists_the_checkpoints_labels_and_names_a_constant_for_each(labels: tuple[str, ...]) -> None:
    schemas: Any = document(Settings(), labels)["components"]
    label, top_k = (schemas["schemas"][name] for name in ("Label", "Option_top_k"))
    assert label["enum"] == list(labels)
    assert top_k["maximum"] == len(labels)
    constants = label["x-enum-varnames"]
    assert len(set(constants)) == len(labels)
    assert all(re.fullmatch("[A-Z][A-Z0-9]*", name) for name in constants)


def test_what_schemathesis_thinks_of_is_answered_as_the_document_says(served_url: str, tmp_path: Path) -> None:
    require_module("schemathesis")
    assert request(served_url, None, method="GET", path="/openapi.json")[2]["openapi"] == "3.1.0"
    # A text of nothing but control characters is refused, and the document has no pattern that says so.
    checks = ["--checks", "all", "--exclude-checks", "positive_data_acceptance"]
    options = [*checks, "--phases", "examples,coverage,fuzzing", "--max-examples", "25", "--seed", "1"]
    configuration = ["--config-file", str(ROOT / "tests" / "support" / "schemathesis.toml")]
    command = [sys.executable, "-m", "schemathesis.cli", *configuration, "run", f"{served_url}/openapi.json"]
    done = subprocess.run(
        [*command, *options, "--generation-database", "none", "--no-color"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, "\n".join(line[:300] for line in (done.stdout + done.stderr).splitlines())
    assert "Tested: 4" in done.stdout, "all but the document itself"
