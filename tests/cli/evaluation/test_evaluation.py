"""`agnews evaluate`: its numbers against hand-computed ones, its files, and the whole command."""

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from agnews.cli.evaluation import report_folder
from agnews.cli.evaluation.examples import LabelColumns, LabelledExample, read_examples
from agnews.cli.evaluation.measurement import (
    Task,
    chosen_views,
    comparison,
    group_accuracies,
    measure,
    true_labels,
    view_texts,
    worst_mistakes,
)
from agnews.cli.evaluation.metrics import (
    at_coverage,
    calibration_error,
    class_metrics,
    confusion_matrix,
    coverage_curve,
    metrics,
    reliability_bins,
    wilson_interval,
)
from agnews.cli.main import main
from agnews.errors import InputError
from agnews.labels import LABELS
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.requirement import ROOT, require_module
from tests.support.texts import GOAL, OIL

LABELLED = np.array([0, 0, 1, 2, 3, 3])
PREDICTED = np.array([0, 1, 1, 2, 3, 0])
ONE_HOT = np.eye(4)[PREDICTED]

AG_NEWS = """\
"1","Ceasefire holds on the border after talks","Foreign ministers met, ""at last"", in the capital."
"2","Striker scores twice as hosts win the cup final","The coach praised his team after extra time."
"3","Oil prices climb as OPEC trims output","Crude rose 3 percent and shares of refiners fell."
"4","Telescope finds water vapour on a distant planet","Astronomers published the spectrum."
"3","Tennis champion wins in straight sets","A label that is wrong on purpose: the player won the final."
"""


def ag_news(folder: Path) -> Path:
    path = folder / "test.csv"
    path.write_text(AG_NEWS, encoding="utf-8")
    return path


def test_the_confusion_matrix_counts_true_labels_by_row() -> None:
    expected = [[1, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 1]]
    assert confusion_matrix(LABELLED, PREDICTED).tolist() == expected


@pytest.mark.parametrize(
    ("index", "precision", "recall", "f1", "support"),
    [(0, 0.5, 0.5, 0.5, 2), (1, 0.5, 1.0, 2 / 3, 1), (2, 1.0, 1.0, 1.0, 1), (3, 1.0, 0.5, 2 / 3, 2)],
)
def test_a_topic_s_metrics_are_those_computed_by_hand(
    index: int, precision: float, recall: float, f1: float, support: int
) -> None:
    topic = class_metrics(confusion_matrix(LABELLED, PREDICTED), index)
    assert topic == pytest.approx({"precision": precision, "recall": recall, "f1": f1, "support": support})


def test_a_topic_that_never_occurs_has_zeros_and_no_warning() -> None:
    topic = class_metrics(confusion_matrix(np.array([0, 0]), np.array([0, 0])), 3)
    assert topic == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}


def test_accuracy_and_macro_f1_are_those_computed_by_hand() -> None:
    measured = metrics(LABELLED, ONE_HOT)
    assert measured["texts"] == 6
    assert measured["accuracy"] == pytest.approx(4 / 6)
    assert measured["macro_f1"] == pytest.approx((1 / 2 + 2 / 3 + 1 + 2 / 3) / 4)
    assert measured["ece"] == pytest.approx(2 / 6)  # always sure, right in four of six


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [
        (8, 10, 0.4901625, 0.9433178),  # R: prop.test(8, 10, correct = FALSE)
        (0, 10, 0.0, 0.2775328),
        (10, 10, 0.7224672, 1.0),
        (940, 1000, 0.9235, 0.9531),
    ],
)
def test_wilson_s_interval_is_the_known_one(correct: int, total: int, low: float, high: float) -> None:
    assert wilson_interval(correct, total) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(
    ("confidence", "correct", "expected"),
    [
        ([0.9, 0.9, 0.6, 0.6], [True, False, True, True], 0.4),
        ([1.0, 1.0], [True, True], 0.0),
        ([0.95, 0.99], [True, False], 0.47),  # one bin: 0.97 sure on average, right in half
        ([0.25, 1.0], [False, True], 0.125),
    ],
)
def test_calibration_error_is_that_computed_by_hand(
    confidence: list[float], correct: list[bool], expected: float
) -> None:
    assert calibration_error(reliability_bins(np.array(confidence), np.array(correct))) == pytest.approx(expected)


def test_the_reliability_bins_hold_every_text_once_from_the_lowest_score_up() -> None:
    bins = reliability_bins(np.array([0.99, 0.5, 0.95, 0.51]), np.array([True, False, False, True]))
    assert bins == [
        {"texts": 2, "score": pytest.approx(0.505), "accuracy": 0.5},
        {"texts": 2, "score": pytest.approx(0.97), "accuracy": 0.5},
    ]


def test_the_coverage_curve_answers_the_surest_first_and_equal_scores_together() -> None:
    score, correct = np.array([0.9, 0.6, 0.9, 0.4, 0.7]), np.array([True, False, True, False, True])
    curve = coverage_curve(score, correct)
    assert [(point["min_score"], point["coverage"]) for point in curve] == [
        (0.4, 1),
        (0.6, 0.8),
        (0.7, 0.6),
        (0.9, 0.4),
    ]
    assert [point["accuracy"] for point in curve] == [0.6, 0.75, 1, 1]
    assert at_coverage(curve, 0.7)["min_score"] == 0.6
    assert at_coverage(curve, 1.0)["accuracy"] == 0.6


def test_the_mistakes_are_listed_most_confident_first_with_their_place() -> None:
    examples = [LabelledExample(label, f"text {label}", None, where=f"a.csv:{label + 2}") for label in (0, 1, 2)]
    scores = np.array([[0.1, 0.2, 0.7, 0.0], [0.0, 0.9, 0.1, 0.0], [0.8, 0.1, 0.1, 0.0]])
    expected = [
        {"where": "a.csv:4", "text": "c", "label": "Business", "found": "World", "score": 0.8},
        {"where": "a.csv:2", "text": "a", "label": "World", "found": "Business", "score": 0.7},
    ]
    assert worst_mistakes(examples, ["a", "b", "c"], scores) == expected
    assert [mistake["text"] for mistake in worst_mistakes(examples, None, scores)] == [None, None]


def test_each_group_has_its_own_accuracy() -> None:
    examples = [LabelledExample(0, "a", None, group=name) for name in ("hard", "clear", "hard")]
    groups = group_accuracies(examples, np.array([True, True, False]))
    assert {name: (group["texts"], group["accuracy"]) for name, group in groups.items()} == {
        "clear": (1, 1.0),
        "hard": (2, 0.5),
    }
    assert group_accuracies([LabelledExample(0, "a", None)], np.array([True])) == {}


def test_ag_news_own_format_is_recognised_and_its_text_left_as_it_is(settings: Settings, tmp_path: Path) -> None:
    examples = read_examples(ag_news(tmp_path), LabelColumns(), settings)
    assert [example.label for example in examples] == [0, 1, 2, 3, 2]
    assert [example.where for example in examples][:2] == ["test.csv:1", "test.csv:2"]
    assert examples[0].description == 'Foreign ministers met, "at last", in the capital.'


@pytest.mark.parametrize(
    ("content", "column", "label"),
    [
        ("Class Index,Title,Description\n4,a,b\n", None, 3),
        ("text,label\na,Sci/Tech\n", None, 3),
        ("headline,topic\r\na,sci-tech\r\n", None, 3),
        ("title,label,mine\na,World,sports\n", "mine", 1),
        ('\ufeffcategory,text\nBUSINESS,"a\nb"\n', None, 2),
    ],
)
def test_labels_are_read_by_number_or_name(
    content: str, column: str | None, label: int, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8", newline="")
    assert [example.label for example in read_examples(path, LabelColumns(label=column), settings)] == [label]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("a,b\nc,d\n", "has no column with a text"),
        ("title,b\nc,d\n", "has no column with a label"),
        ("title,label\na,World\nb,0\n", ":3: the label is '0'; expected 1-4 or one of World"),
        ("title,label\na,World\nb,Politics\n", ":3: the label is 'Politics'"),
        ("title,label\na,World,c\n", ":2: the row has 3 fields, expected 2"),
        ("title,label\n ,World\n", ":2: the text is empty"),
        ('title,label\n"a,World\n', ":2: the row is not valid CSV"),
    ],
)
def test_a_file_that_cannot_be_evaluated_is_refused_with_the_line_number(
    content: str, message: str, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "a.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_examples(path, LabelColumns(), settings)
    assert f"{path}" in str(error.value)
    assert message in str(error.value)


def test_views_are_titles_and_titles_joined_with_descriptions() -> None:
    examples = [LabelledExample(0, "Title", "Description"), LabelledExample(1, "Alone", "")]
    assert chosen_views(examples, "both") == ["title", "full"]
    assert view_texts(examples, "title") == ["Title", "Alone"]
    assert view_texts(examples, "full") == ["Title Description", "Alone"]
    assert chosen_views([LabelledExample(0, "Title", None)], "both") == ["title"]
    with pytest.raises(InputError, match="there is none, or it is empty"):
        chosen_views([LabelledExample(0, "Title", None)], "full")
    with pytest.raises(InputError, match="no rows"):
        true_labels([])


def test_a_file_is_evaluated_and_reported_as_text_json_and_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, folder = ag_news(tmp_path), tmp_path / "new" / "report"
    assert main(["evaluate", str(path), "--report", str(folder)]) == 0
    shown = capsys.readouterr().out
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(AG_NEWS.encode()).hexdigest()
    assert report["files"] == [{"name": "test.csv", "rows": 5, "sha256": digest}]
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


def test_the_page_stands_alone_and_escapes_what_it_quotes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "<i>.csv"
    path.write_text('title,label,kind\n"Striker <b>scores</b> twice in cup final",World,<u>\n')
    assert main(["evaluate", str(path), "--by", "kind", "--report", str(tmp_path)]) == 0
    shown = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Striker &lt;b&gt;scores&lt;/b&gt; twice" in shown
    assert not {"<b", "<i", "<u", "<script", "http:", "https:"} & set(re.findall(r"<\w+|https?:", shown))
    assert shown.count('src="data:image/png;base64,') == int(report_folder.can_plot())
    assert "<u>: accuracy 0.00%" in capsys.readouterr().out


def test_plots_are_drawn_for_each_view(tmp_path: Path) -> None:
    require_module("matplotlib")
    assert main(["evaluate", str(ag_news(tmp_path)), "--report", str(tmp_path)]) == 0
    for view in ("title", "full"):
        assert (tmp_path / f"{view}.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_without_matplotlib_the_report_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report_folder, "can_plot", lambda: False)
    assert main(["evaluate", str(ag_news(tmp_path)), "--report", str(tmp_path / "report")]) == 0
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["index.html", "report.json"]
    assert "without plots, which need pip install -e '.[evaluate]'" in capsys.readouterr().err


def test_a_report_without_texts_quotes_none(tmp_path: Path) -> None:
    assert main(["evaluate", str(ag_news(tmp_path)), "--no-texts", "--report", str(tmp_path / "report")]) == 0
    for name in ("report.json", "index.html"):
        shown = (tmp_path / "report" / name).read_text(encoding="utf-8")
        assert "test.csv:5" in shown
        assert "Tennis champion" not in shown


def test_difference_and_equal_labels_are_the_engine_s_against_the_reference_s(classifier: Classifier) -> None:
    examples = [LabelledExample(2, OIL, None), LabelledExample(1, GOAL, None)]
    measured, predicted = measure(classifier, Task(examples, ["title"], quote=True, bars=False), "title")
    other = [LabelledExample(2, OIL, None), LabelledExample(0, GOAL, None)]
    reference, _ = measure(classifier, Task(other, ["title"], quote=True, bars=False), "title")
    compared = comparison(measured, predicted, reference, np.array([2, 0]))
    assert (compared["difference_points"], compared["equal_labels"]) == (50, 0.5)


def test_two_checkpoints_are_compared_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = shutil.copytree(Settings().model_dir, tmp_path / "other") / "manifest.json"
    changed = json.loads(manifest.read_text(encoding="utf-8")) | {"revision": "older", "temperature": 3.0}
    manifest.write_text(json.dumps(changed), encoding="utf-8")
    arguments = ["evaluate", str(ag_news(tmp_path)), "--compare", str(manifest.parent)]
    assert main([*arguments, "--report", str(tmp_path / "report")]) == 0
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    measured, compared = report["views"]["title"], report["compared"]["title"]
    assert compared["equal_labels"] == 1
    assert compared["reference"]["metrics"]["mean_score"] < measured["metrics"]["mean_score"]
    assert "  onnx @ older: accuracy 80.00%" in capsys.readouterr().out


def test_the_modern_headlines_are_balanced_and_our_own() -> None:
    examples = read_examples(ROOT / "tests" / "data" / "modern_headlines.csv", LabelColumns(by="kind"), Settings())
    assert len({example.title for example in examples}) == len(examples) == 240
    for label in range(len(LABELS)):
        kinds = [example.group for example in examples if example.label == label]
        assert (kinds.count("clear"), kinds.count("borderline")) == (45, 15)


def test_several_files_are_one_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, other = ag_news(tmp_path), tmp_path / "other.csv"
    other.write_text("title,label\nStriker scores twice,Sports\n")
    assert main(["evaluate", str(path), str(other), "--view", "title", "--report", str(tmp_path / "report")]) == 0
    shown = capsys.readouterr().out
    assert "Titles with descriptions" not in shown
    assert "test.csv: 5 rows, other.csv: 1 rows" in shown
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert report["views"]["title"]["metrics"]["texts"] == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--compare", "onnx"], "--compare onnx is the engine that is evaluated; name the other one"),
        (["--compare", "gone"], "--compare gone: expected onnx or pipeline, or a baked folder with manifest.json"),
        (["--report", "test.csv"], "cannot make the folder test.csv (File exists)"),
        (["--by", "kind"], "test.csv has no column 'kind': it is in AG News' own format, without a header"),
        (["test.csv"], "a file is named twice; its rows would count twice"),
        (["gone.csv"], "cannot read gone.csv (No such file or directory)"),
    ],
)
def test_an_evaluation_that_cannot_be_made_is_refused(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ag_news(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", "test.csv", *arguments]) == 2
    assert capsys.readouterr().err == f"agnews: {message}\n"
    assert (tmp_path / "test.csv").read_text(encoding="utf-8") == AG_NEWS


def test_the_engines_are_compared_on_the_same_texts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    require_module("torch", "transformers")
    folder = tmp_path / "report"
    arguments = ["evaluate", str(ag_news(tmp_path)), "--view", "title", "--compare", "pipeline"]
    assert main([*arguments, "--report", str(folder)]) == 0
    compared = json.loads((folder / "report.json").read_text(encoding="utf-8"))["compared"]["title"]
    assert compared["reference"]["engine"] == "pipeline"
    assert compared["difference_points"] == 0
    assert compared["equal_labels"] == 1
    assert "pipeline: accuracy 80.00%" in capsys.readouterr().out
