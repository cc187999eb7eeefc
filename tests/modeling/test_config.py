"""What a checkpoint's config.json says of it, and what is refused by it alone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from agnews.labels import LABELS
from modeling import config
from modeling.errors import SourceError
from tests.support.requirement import ROOT

DISTILBERT = {"model_type": "distilbert", "architectures": ["DistilBertForSequenceClassification"]}
BERT = {"model_type": "bert", "architectures": ["BertForSequenceClassification"]}
ELECTRA = {"model_type": "electra", "architectures": ["ElectraForSequenceClassification"]}


def named(names: list[str], **facts: Any) -> dict[str, Any]:
    return DISTILBERT | {"id2label": {str(index): name for index, name in enumerate(names)}} | facts


@pytest.mark.parametrize(
    "names",
    [
        ["world", "SPORTS", "business", "sci/tech"],
        ["World", "Sports", "Business", "Sci-Tech"],
        ["World", "Sport", "Business", "Science/Technology"],
        ["World", "Sports", "Business", "Science and Technology"],
        ["World", "Sports", "Business", "Technology"],
        ["LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3"],
    ],
)
def test_usual_spellings_of_ag_news_topics_are_known(names: list[str]) -> None:
    assert config.judge(named(names), "c")[-2:] == (LABELS, (0, 1, 2, 3))


def test_ag_news_topics_are_put_in_ag_news_order() -> None:
    judged = config.judge(named(["Business", "Sci-Tech", "sports", "WORLD"]), "c")
    assert judged[-2:] == (LABELS, (3, 2, 0, 1))


@pytest.mark.parametrize(
    "names",
    [
        ["NEGATIVE", "POSITIVE"],
        ["World", "Sports", "Business"],
        ["World", "Sports", "Business", "Entertainment"],
        ["World", "Sports", "Technology", "Sci/Tech"],
        ["B", "A, or B", "Ünïcode", "x" * 64],
        [str(number) for number in range(100)],
    ],
)
def test_other_labels_are_the_checkpoint_s_in_its_order(names: list[str]) -> None:
    judged = config.judge(named(names), "c")
    assert judged.labels == tuple(names)
    assert judged.order == tuple(range(len(names)))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["one"], "c has 1 output; 2 to 100 are possible"),
        ([str(number) for number in range(101)], "c has 101 outputs; 2 to 100 are possible"),
        ([f"LABEL_{number}" for number in range(101)], "c has 101 outputs; 2 to 100 are possible"),
        (["a", "A"], "appears twice"),
        (["a", ""], "a label is empty"),
        (["a", "b" * 65], "at most 64"),
        (["LABEL_0", "LABEL_1"], "does not name its 2 labels .LABEL_0, LABEL_1.; .* --labels a,b,c"),
        (["LABEL_0", "LABEL_1", "LABEL_2", "Sci/Tech"], "does not name its 4 labels"),
        (["LABEL_1", "LABEL_0", "LABEL_2", "LABEL_3"], "does not name its 4 labels"),
    ],
)
def test_labels_that_say_nothing_or_cannot_be_are_refused(names: list[str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        config.judge(named(names), "c")


def test_given_labels_name_the_outputs() -> None:
    assert config.judge(DISTILBERT | {"num_labels": 3}, "c", labels=["x", " y", "z, z"]).labels == ("x", "y", "z, z")
    assert config.judge(named(["LABEL_0", "LABEL_1"]), "c", labels=["x", "y"]).labels == ("x", "y")
    with pytest.raises(SourceError, match="--labels names 3 labels, c has 2 outputs"):
        config.judge(DISTILBERT, "c", labels=["x", "y", "z"])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("a,,b", "^--labels: a label is empty; give each output a name of its own$"),
        ("a,b,A", "^--labels: the label 'A' appears twice"),
        ("a,b,LABEL_2", "^--labels: LABEL_2 says nothing"),
    ],
)
def test_given_labels_that_cannot_be_are_blamed_on_the_option(labels: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        config.judge(named(["x", "y", "z"]), "c", labels=config.labels_in(labels))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"model_type": "bert",,}', "is not JSON .line 1, column 23.; save the model again"),
        (b"", "is not JSON .line 1, column 1."),
        (b"\xff\xff\xff\xff", "is not JSON .not UTF-8."),
        (b"[" * 100_000, "is not JSON .nested too deeply."),
        (b"[]", "is not an object"),
    ],
)
def test_a_broken_configuration_is_named_with_its_place(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(SourceError, match=rf"config\.json {message}"):
        config.judge_folder(tmp_path)


def test_a_missing_configuration_says_what_the_folder_should_be(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"^cannot read .*config\.json; expected a folder as transformers'"):
        config.judge_folder(tmp_path)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"architectures": ["RobertaForSequenceClassification"], "model_type": "roberta"}, "RobertaForSequenceClass"),
        ({"architectures": ["DistilBertForMaskedLM"]}, "describes DistilBertForMaskedLM, which is not supported"),
        ({"architectures": [], "model_type": "roberta"}, "describes roberta, which is not supported"),
        ({"architectures": ["BertForSequenceClassification"]}, "with the model_type distilbert"),
        ({"problem_type": "multi_label_classification"}, "is for multi_label_classification"),
        ({"problem_type": "regression"}, "is for regression"),
        ({"activation": "relu"}, "the activation relu has no int8 form; bake it with --engine pipeline"),
        (BERT | {"hidden_act": "gelu_new"}, "the activation gelu_new has no int8 form"),
        (BERT | {"position_embedding_type": "relative_key"}, "relative_key positions have no int8 form"),
        (ELECTRA, "ElectraForSequenceClassification has no int8 form; bake it with --engine pipeline"),
        ({"id2label": ["a", "b"]}, "id2label or num_labels that is not readable; expected"),
        ({"id2label": {"0": "a", "2": "b"}}, "does not number its labels 0, 1, 2"),
        ({"id2label": {"zero": "a"}}, "id2label or num_labels that is not readable"),
    ],
)
def test_what_cannot_be_baked_is_refused_by_name_with_what_can(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        config.judge(named(["a", "b"]) | facts, "c")


@pytest.mark.parametrize("facts", [{"activation": "relu"}, BERT | {"hidden_act": "gelu_new"}, ELECTRA])
def test_the_pipeline_engine_takes_what_has_no_int8_form(facts: dict[str, Any]) -> None:
    assert config.judge(named(["a", "b"]) | facts, "c", ["pipeline"]).labels == ("a", "b")


def test_an_unsupported_architecture_is_refused_with_those_that_bake() -> None:
    with pytest.raises(SourceError) as refusal:
        config.judge({"architectures": ["RobertaForSequenceClassification"]}, "c")
    assert "DistilBertForSequenceClassification and BertForSequenceClassification bake to int8" in str(refusal.value)
    assert "with --engine pipeline; or train one (docs/own-model.md)" in str(refusal.value)


@pytest.mark.parametrize("kind", ["BPE", "Unigram"])
def test_a_tokenizer_that_is_not_wordpiece_is_refused(kind: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(named(["a", "b"])))
    (tmp_path / "model.safetensors").touch()
    (tmp_path / "tokenizer.json").write_text(json.dumps({"model": {"type": kind}}))
    with pytest.raises(SourceError, match=f"is of type {kind}; the engines read WordPiece only"):
        config.judge_folder(tmp_path)


def test_a_folder_is_refused_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["RobertaForSequenceClassification"]}))
    code = (
        "import sys, download_model; status = download_model.main(sys.argv[1:]); "
        "heavy = {'torch', 'transformers', 'onnxruntime', 'huggingface_hub', 'numpy', 'tokenizers'}; "
        "print(sorted(heavy & set(sys.modules))); sys.exit(status)"
    )
    arguments = ["--source", str(tmp_path), "--target", str(tmp_path / "cache")]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "[]\n")
    assert "RobertaForSequenceClassification, which is not supported" in done.stderr
