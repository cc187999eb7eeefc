"""The `agnews evaluate` command: its output and the files of its report."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from agnews.cli.evaluation import report_folder
from agnews.cli.main import main
from agnews.labels import LABELS
from agnews.settings import Settings
from tests.support.ag_news import AG_NEWS, write_ag_news
from tests.support.requirement import require_module


def test_a_file_is_evaluated_and_reported_as_text_json_and_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, folder = write_ag_news(tmp_path), tmp_path / "new" / "report"
    assert main(["evaluate", str(path), "--report", str(folder)]) == 0
    shown = capsys.readouterr().out
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(AG_NEWS.encode()).hexdigest()
    assert report["files"] == [{"name": "test.csv", "rows": 5, "left_out": 0, "sha256": digest, "label_numbers": "1-4"}]
    assert list(report["views"]) == ["title", "full"]
    for title, view in (("Titles", "title"), ("Titles with descriptions", "full")):
        measurement = report["views"][view]
        assert measurement["engine"] == "onnx"
        assert measurement["metrics"]["accuracy"] == 0.8
        assert measurement["metrics"]["confusion"][2] == [0, 1, 1, 0]
        assert measurement["metrics"]["classes"]["Business"]["support"] == 2
        assert [(mistake["where"], mistake["found"]) for mistake in measurement["mistakes"]] == [
            ("test.csv:5", "Sports")
        ]
        assert title in shown.splitlines()
    assert "  accuracy 80.00% (95 % interval 37.55% to 96.38%)" in shown
    assert all(f"  {label:<10}" in shown for label in LABELS)
    assert {"versions", "machine", "revision", "source"} <= set(report["installation"])
    assert str(tmp_path) not in (folder / "report.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("texts", [99, 100])
def test_a_small_file_s_report_says_nothing_about_calibration_and_min_score(
    texts: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("title,label\n" + "Striker scores twice,Sports\n" * texts, encoding="utf-8")
    assert main(["evaluate", str(path), "--report", str(tmp_path / "report")]) == 0
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    for shown in (page, capsys.readouterr().out):
        assert ("min_score" in shown.replace("and min_score", "")) == (texts == 100)


def test_the_page_stands_alone_and_escapes_what_it_quotes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "<i>.csv"
    path.write_text('title,label,kind\n"Striker scores <3 & twice in cup final",World,<u>\n')
    assert main(["evaluate", str(path), "--by", "kind", "--report", str(tmp_path)]) == 0
    shown = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Striker scores &lt;3 &amp; twice" in shown
    assert not {"<b", "<i", "<u", "<script", "http:", "https:"} & set(re.findall(r"<\w+|https?:", shown))
    assert shown.count('src="data:image/png;base64,') == int(report_folder.can_plot())
    assert "<u>: accuracy 0.00%" in capsys.readouterr().out


def test_plots_are_drawn_for_each_view(tmp_path: Path) -> None:
    require_module("matplotlib")
    assert main(["evaluate", str(write_ag_news(tmp_path)), "--report", str(tmp_path)]) == 0
    for view in ("title", "full"):
        assert (tmp_path / f"{view}.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_without_matplotlib_the_report_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report_folder, "can_plot", lambda: False)
    assert main(["evaluate", str(write_ag_news(tmp_path)), "--report", str(tmp_path / "report")]) == 0
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["index.html", "report.json"]
    assert "without plots, which need pip install matplotlib" in capsys.readouterr().err


def test_a_report_without_texts_quotes_none(tmp_path: Path) -> None:
    assert main(["evaluate", str(write_ag_news(tmp_path)), "--no-texts", "--report", str(tmp_path / "report")]) == 0
    for name in ("report.json", "index.html"):
        shown = (tmp_path / "report" / name).read_text(encoding="utf-8")
        assert "test.csv:5" in shown
        assert "Tennis champion" not in shown


def test_two_checkpoints_are_compared_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = shutil.copytree(Settings().model_dir, tmp_path / "other") / "manifest.json"
    changed = json.loads(manifest.read_text(encoding="utf-8")) | {"revision": "older", "temperature": 3.0}
    manifest.write_text(json.dumps(changed), encoding="utf-8")
    arguments = ["evaluate", str(write_ag_news(tmp_path)), "--compare", str(manifest.parent)]
    assert main([*arguments, "--report", str(tmp_path / "report")]) == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    measured, compared = report["views"]["title"], report["compared"]["title"]
    assert compared["equal_labels"] == 1
    assert compared["reference"]["metrics"]["mean_score"] < measured["metrics"]["mean_score"]
    assert "  onnx @ older: accuracy 80.00%" in capsys.readouterr().out


def test_several_files_are_one_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, other = write_ag_news(tmp_path), tmp_path / "other.csv"
    other.write_text("title,label\nStriker scores twice,Sports\n")
    assert main(["evaluate", str(path), str(other), "--view", "title", "--report", str(tmp_path / "report")]) == 0
    shown = capsys.readouterr().out
    assert "Titles with descriptions" not in shown
    assert "test.csv: 5 rows, labels 1-4 (1 is World); other.csv: 1 rows" in shown
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert report["views"]["title"]["metrics"]["texts"] == 6


def test_texts_out_of_scope_are_reported_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "title,label\nStriker scores twice in cup final,0\nOil prices climb,money\nFive ways to cook leeks,OUT:food\n"
        "Wide trousers are back,style\n"
    )
    arguments = ["evaluate", str(path), "--labels", "0=Sports,money=Business", "--out-of-scope", "style"]
    assert main([*arguments, "--report", str(tmp_path / "report")]) == 0
    shown = capsys.readouterr().out
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    measurement = report["views"]["title"]
    assert (measurement["metrics"]["texts"], measurement["metrics"]["accuracy"]) == (2, 1)
    assert measurement["out_of_scope"]["texts"] == 2
    assert "  out of scope: 2 texts, AUROC " in shown
    assert "  min_score  in scope answered  of those right  out of scope answered" in shown.splitlines()
    assert "<h3>Out of scope</h3>" in (tmp_path / "report" / "index.html").read_text(encoding="utf-8")


def test_the_groups_mean_accuracy_weighs_groups_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(
        "title,label,outlet\nStriker scores twice in cup final,Sports,a\nCoach praises his team,Sports,a\n"
        "Goalkeeper saves two penalties,Sports,a\nTennis champion wins in straight sets,Business,b\n"
    )
    assert main(["evaluate", str(path), "--by", "outlet", "--report", str(tmp_path / "report")]) == 0
    assert "  mean over groups: accuracy 50.00%" in capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--compare", "onnx"], "--compare onnx is the engine that is evaluated; name the other one"),
        (["--compare", "gone"], "--compare gone: expected onnx or pipeline, or a baked folder with manifest.json"),
        (["--report", "test.csv"], "cannot make the folder test.csv (File exists)"),
        (
            ["--by", "kind"],
            "test.csv has no column 'kind'; its columns are 'class', 'title', 'description'; name one with --by",
        ),
        (["test.csv"], "a file is named twice; its rows would count twice"),
        (["gone.csv"], "cannot read gone.csv (No such file or directory)"),
        (
            ["--out-of-scope", "1", "2", "3", "4"],
            "all rows are out of scope; evaluate them together with rows that have a topic",
        ),
        (
            ["--labels", "tech=Technology"],
            "--labels tech=Technology: expected LABEL=TOPIC; TOPIC is World, Sports, Business, Sci/Tech or begins "
            "with out:",
        ),
        (["--labels", "a=World", "--out-of-scope", "A"], "--out-of-scope A: --labels says that it is a topic"),
    ],
)
def test_an_evaluation_that_cannot_be_made_is_refused(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_ag_news(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", "test.csv", *arguments]) == 2
    assert capsys.readouterr().err == f"agnews: {message}\n"
    assert (tmp_path / "test.csv").read_text(encoding="utf-8") == AG_NEWS


def test_the_engines_are_compared_on_the_same_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require_module("torch", "transformers")
    folder = tmp_path / "report"
    arguments = ["evaluate", str(write_ag_news(tmp_path)), "--view", "title", "--compare", "pipeline"]
    assert main([*arguments, "--report", str(folder)]) == 0
    compared = json.loads((folder / "report.json").read_text(encoding="utf-8"))["compared"]["title"]
    assert compared["reference"]["engine"] == "pipeline"
    assert compared["difference_points"] == 0
    assert compared["equal_labels"] == 1
    assert "pipeline: accuracy 80.00%" in capsys.readouterr().out
