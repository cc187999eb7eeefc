"""What README says is what the code does."""

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest

from agnews import errors
from agnews.cli.bulk.cost import BATCH, EXPRESS_SECOND, GB_SECOND, INVOCATION
from agnews.cli.evaluation.metrics import at_coverage
from agnews.cli.evaluation.text import COVERAGES, TITLES
from agnews.function.events.dispatch import answer
from agnews.model.checkpoint import read_checkpoint
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from benchmarks.record import graph_of, structure_of
from tests.support.requirement import ROOT, require_module

TIMES = {"bulk_run", "cold", "cost", "file", "growth", "shapes", "threads", "warm", "amd_epyc/lists"}
"""Results of which README quotes times alone. results/speed/lists.json counts labels, too."""

README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS_ROW = re.compile(r"^\| `AGNEWS_(\w+)` \| ([^|]+) \|", re.MULTILINE)


def test_every_setting_has_a_row() -> None:
    assert [name.lower() for name, _ in SETTINGS_ROW.findall(README)] == list(Settings._fields)


@pytest.mark.parametrize(("name", "default"), [row for row in SETTINGS_ROW.findall(README) if row[1].strip().isdigit()])
def test_a_settings_default_is_as_the_table_says(name: str, default: str) -> None:
    assert getattr(Settings(), name.lower()) == int(default)


def test_every_error_class_has_a_row() -> None:
    named = set(re.findall(r"^\| `(\w+Error)` \|", README, re.MULTILINE))
    defined = {name for name, value in vars(errors).items() if isinstance(value, type)}
    assert named == defined - {"AgNewsError"}


def test_the_invoke_example_is_answered_as_shown(classifier: Classifier, settings: Settings) -> None:
    shown = re.search(r"--payload '(.+)' answer\.json && cat answer\.json\n\{\n(?: .+\n)+\}\n(\{.+\})", README)
    assert shown
    expected = json.loads(shown[2])
    found: Any = answer(json.loads(shown[1]), classifier, settings)
    assert found.keys() == expected.keys()
    assert found["label"] == expected["label"]
    assert found["score"] == pytest.approx(expected["score"], abs=5e-3)


def test_the_explained_example_is_answered_as_shown(classifier: Classifier, settings: Settings) -> None:
    shown = re.search(r"-d '(\{.+\"explain\": true\})' \S+\n(\{.+\})\n", README)
    assert shown
    found: Any = answer(json.loads(shown[1]), classifier, settings)
    words = [json.loads(word) for word in re.findall(r'\{"word": [^}]+\}', shown[2])]
    assert len(words) >= 2
    for word in words:
        same = next(w for w in found["explanation"] if w["start"] == word["start"])
        assert same.keys() == word.keys()
        assert (same["word"], same["end"]) == (word["word"], word["end"])
        assert same["contribution"] == pytest.approx(word["contribution"], abs=5e-3)


@pytest.mark.parametrize("page", ["README.md", "MODEL_CARD.md"])
def test_the_accuracy_table_is_what_was_measured(page: str) -> None:
    report = json.loads((ROOT / "results" / "quality" / "ag_news" / "report.json").read_text(encoding="utf-8"))
    shown = (ROOT / page).read_text(encoding="utf-8")
    for view, called in TITLES.items():
        measured, compared = report["views"][view], report["compared"][view]
        low, high = measured["metrics"]["accuracy_95"]
        row = (
            f"| {called.lower()} | {measured['metrics']['accuracy']:.2%} ({low:.1%} to {high:.1%}) "
            f"| {compared['reference']['metrics']['accuracy']:.2%} | {compared['equal_labels']:.2%} "
            f"| {measured['metrics']['ece']:.2%} |"
        )
        assert row in shown


@pytest.mark.parametrize("page", ["README.md", "MODEL_CARD.md"])
def test_the_coverage_table_is_what_was_measured(page: str) -> None:
    report = json.loads((ROOT / "results" / "quality" / "ag_news" / "report.json").read_text(encoding="utf-8"))
    shown = (ROOT / page).read_text(encoding="utf-8")
    for coverage in COVERAGES:
        points = [at_coverage(report["views"][view]["metrics"]["coverage"], coverage) for view in TITLES]
        cells = "".join(f" {point['min_score']:.2f} | {point['accuracy']:.1%} |" for point in points)
        assert f"| {coverage:.0%} |{cells}" in shown


@pytest.mark.parametrize(
    ("name", "called"), [("onnx", "`onnx`, amd64"), ("arm64", "`onnx`, arm64"), ("pipeline", "`pipeline`, amd64")]
)
def test_the_images_are_as_large_as_the_table_says(name: str, called: str) -> None:
    found = json.loads((ROOT / "results" / "image" / f"image_{name}.json").read_text(encoding="utf-8"))
    assert f"| {called} | {found['added_bytes'] / 1e6:,.0f} MB |" in README
    if "compressed_bytes" in found:
        assert f" MB | {found['compressed_bytes'] / 1e6:,.0f} MB | [results/image/image_{name}.json]" in README


def test_how_far_arm64_is_from_here_is_told() -> None:
    found = json.loads((ROOT / "results" / "image" / "image_arm64.json").read_text(encoding="utf-8"))
    assert f"all {found['headlines'] * found['equal_labels']:.0f} get the same labels" in README
    assert f"no score is more than {math.ceil(found['largest_score_difference'] * 1000) / 1000} away" in README


@pytest.mark.parametrize(
    "path", sorted((ROOT / "results").rglob("*.json")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_every_result_is_of_the_checkpoint_that_lies_here(path: Path) -> None:
    found = json.loads(path.read_text(encoding="utf-8"))
    checkpoint = read_checkpoint(Settings().model_dir)
    if {path.stem, f"{path.parent.name}/{path.stem}"} & TIMES:  # the same work with whatever weights
        require_module("onnx")
        assert found["structure"] == structure_of(checkpoint.path("model.onnx"))
        return
    facts = found.get("installation") or found.get("model") or found
    assert facts["revision"] == checkpoint.revision
    if "versions" in found:  # a benchmark's: not of another graph made of the same weights, either
        assert found["graph"] == graph_of(checkpoint)


def spent(seconds: float) -> str:
    """A time as the bulk table writes it."""
    return f"{seconds / 60:,.1f} min" if seconds >= 60 else f"{seconds:,.0f} s"


@pytest.mark.parametrize(("called", "rows"), [("1 million", 1_000_000), ("100 million", 100_000_000)])
def test_the_bulk_table_is_what_the_measured_rate_comes_to(called: str, rows: int) -> None:
    found = json.loads((ROOT / "results" / "speed" / "bulk_run.json").read_text(encoding="utf-8"))
    seconds, batches = rows / found["headlines_per_s"], rows / 500
    per_second = found["memory_mb"] / 1024 * GB_SECOND["x86_64"] + EXPRESS_SECOND
    dollars = seconds * per_second + batches * (BATCH + INVOCATION)
    few, many = (spent(seconds / containers) for containers in (10, 1000))
    assert f"| {called} | {batches:,.0f} | {few} | {many} | ${dollars:,.2f} |" in README
    assert f"{found['headlines_per_s']:,.0f} a second" in README


def test_no_picture_is_shown_twice() -> None:
    shown = re.findall(r"!\[[^]]*\]\(([^)]+)\)", README)
    assert shown
    assert len(shown) == len(set(shown))


def test_every_file_that_is_linked_exists() -> None:
    for page in ("README.md", "MODEL_CARD.md"):
        links = re.findall(r"\]\((?!https?:)([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8"))
        assert links
        assert [link for link in links if not (ROOT / link).exists()] == []
