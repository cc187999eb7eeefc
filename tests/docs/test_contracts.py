"""What the documents list is what the code has: settings, limits, errors, parameters, build arguments, versions."""

import json
import re

import pytest

from agnews import __version__, errors
from agnews.api.placeholders import AROUND, BRACKETED, PLACEHOLDERS, is_placeholder
from agnews.api.values import ID_CHARS
from agnews.model.checkpoint import read_checkpoint
from agnews.settings import RECOMMENDED_MIN_SCORE, Settings
from tests.support.documents import examples, rows, text_of
from tests.support.requirement import ROOT

SETTINGS = [(row[0].strip("`"), row[1]) for row in rows("docs/operations.md", "## Settings")]
LIMITS = rows("docs/api.md", "## Limits")


def number(cell: str) -> int | None:
    """The number that a cell begins with, if it does."""
    digits = re.match(r"[\d,]+", cell)
    return int(digits[0].replace(",", "")) if digits else None


def test_every_setting_has_a_row() -> None:
    assert [name.removeprefix("AGNEWS_").lower() for name, _ in SETTINGS] == list(Settings._fields)


@pytest.mark.parametrize(("name", "default"), [row for row in SETTINGS if number(row[1]) is not None])
def test_a_settings_default_is_as_its_row_says(name: str, default: str) -> None:
    assert getattr(Settings(), name.removeprefix("AGNEWS_").lower()) == number(default)


@pytest.mark.parametrize("row", [row for row in LIMITS if "AGNEWS_" in row[2]], ids=lambda row: row[0][:40])
def test_a_limit_is_its_settings_default(row: list[str]) -> None:
    assert getattr(Settings(), row[2].strip("`").removeprefix("AGNEWS_").lower()) == number(row[1])


def test_the_other_limits_are_those_of_the_checkpoint_and_of_requests() -> None:
    limits = {row[0].partition(";")[0]: number(row[1].removeprefix("the first ")) for row in LIMITS}
    tokens = read_checkpoint(Settings().model_dir).max_length
    assert limits["tokens read of one text"] == limits["words explained of one text"] == tokens
    assert limits["characters in an `id`"] == ID_CHARS


def test_every_error_class_has_a_row() -> None:
    named = {row[0].strip("`") for row in rows("docs/api.md", "## Errors")}
    defined = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert named == defined - {"AgNewsError"}


def test_the_parameters_and_their_defaults_are_the_templates() -> None:
    head = text_of("template.yaml").split("\nMappings:")[0]
    declared = re.findall(r'^  (\w+):\n    Type: .+\n    Default: "?([^"\n]*)"?$', head, re.MULTILINE)
    listed = {row[0].strip("`"): row[1].strip("`") for row in rows("docs/deploy.md", "### Parameters")}
    assert listed == {name: default or "none" for name, default in declared}


@pytest.mark.parametrize("row", rows("docs/deploy.md", "Both use these defaults:"), ids=lambda row: row[0])
def test_the_engines_defaults_are_those_of_both_ways_to_deploy(row: list[str]) -> None:
    engine, memory_mb, seconds = row[0].strip("`"), number(row[1]), number(row[2])
    assert f"{engine}: {{MemoryMB: {memory_mb}, TimeoutSeconds: {seconds}," in text_of("template.yaml")
    assert f"{engine}) memory={memory_mb} timeout={seconds} ;;" in text_of("scripts/deploy.sh")


def test_the_default_memory_is_the_one_that_was_found_sensible() -> None:
    default_mb = json.loads(text_of("results/speed/cost.json"))["default"]
    assert f"onnx: {{MemoryMB: {default_mb}," in text_of("template.yaml")


def test_the_build_arguments_and_their_defaults_are_the_dockerfiles() -> None:
    declared = re.findall(r"^ARG (\w+)=(.*)$", text_of("Dockerfile"), re.MULTILINE)
    listed = {row[0].strip("`"): row[1].strip("`") for row in rows("docs/image.md", "# The container image")}
    assert listed == {name: default or "none" for name, default in declared}


def test_the_input_of_a_bulk_run_has_the_fields_that_the_state_machine_reads() -> None:
    (example,) = [block for block in examples("json") if block.role == "execution"]
    fields = set(re.findall(r"\$states\.input\.(\w+)", text_of("template.yaml")))
    assert set(json.loads(example.content)) == fields


def test_the_documents_and_examples_use_the_recommended_min_score() -> None:
    paths = ["README.md", *(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))]
    paths += [path.relative_to(ROOT).as_posix() for path in (ROOT / "examples").rglob("*.json")]
    values = [value for path in paths for value in re.findall(r'min_score(?:": |=)([\d.]+)', text_of(path))]
    values += re.findall(r"([\d.]+) is a good start", text_of("docs/api.md"))
    assert len(values) >= 4
    assert set(map(float, values)) == {RECOMMENDED_MIN_SCORE}


def test_every_placeholder_is_listed() -> None:
    listed = re.search(r"<!-- placeholders -->\n(.*?)<!-- end -->", text_of("docs/api.md"), re.DOTALL)
    assert listed
    names = {name.lower() for name in re.findall(r"`([^`]+)`", listed[1])}
    assert {name.strip(AROUND) for name in names} >= PLACEHOLDERS | BRACKETED
    assert all(map(is_placeholder, names))


def test_the_latest_release_in_the_changelog_is_this_version() -> None:
    releases = re.findall(r"^## \[(\d\S*)\] - \d{4}-\d\d-\d\d$", text_of("CHANGELOG.md"), re.MULTILINE)
    assert releases[0] == __version__


def test_the_readme_has_at_most_200_lines() -> None:
    assert len(text_of("README.md").splitlines()) <= 200
