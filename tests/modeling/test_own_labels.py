"""Checkpoints with labels of their own: BERT from the hub, ELECTRA, and five topics trained from a file."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.requirement import ROOT, require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers", "onnx", "huggingface_hub")

import torch
from safetensors.torch import load_file
from transformers import AutoModelForSequenceClassification

from agnews.model.classifier import load
from agnews.settings import EngineName, Settings
from modeling import calibrate, reference, train
from modeling.bake import Choices, Origin, bake
from modeling.errors import SourceError
from modeling.headlines import headlines
from tests.support.command import download_model
from tests.support.hub_server import Repository, serving
from tests.support.tiny_bert import write_bert, write_electra
from tests.support.tiny_checkpoint import change_config, change_weights

pytestmark = pytest.mark.usefixtures("one_torch_thread")

SIX = ("Politics", "Film, TV", "Markets", "Chess", "Ökologie", "Sci/Tech")
FIVE = ("chess", "film", "markets", "opera", "wine")
WORDS = ("rebels", "striker", "oil", "galaxy", "troops")
TEXTS = headlines(20, seed=5)


@pytest.fixture(scope="module")
def cased(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cased BERT of six labels; shared, so not to be changed."""
    return write_bert(tmp_path_factory.mktemp("cased"), SIX, lower=False)


@torch.inference_mode()
def torch_scores(folder: Path, texts: list[str]) -> list[list[float]]:
    """What transformers computes of the checkpoint as it was published."""
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = reference.read(folder).tokenizer
    rows = [torch.tensor([tokenizer.encode(text).ids]) for text in texts]
    return [model(input_ids=row).logits.softmax(1)[0].tolist() for row in rows]


def test_a_cased_bert_of_six_labels_is_baked_from_the_hub_for_both_engines(cased: Path, tmp_path: Path) -> None:
    target = tmp_path / "cache"
    with serving({"cased/bert": Repository(cased)}) as hub:
        settings = {"HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "hf")}
        process = download_model("--source", "cased/bert", "--target", target, extra=settings)
    assert process.returncode == 0, process.stderr
    assert json.loads((target / "manifest.json").read_text())["labels"] == list(SIX)
    expected = torch_scores(cased, TEXTS)
    tolerances: dict[EngineName, float] = {"pipeline": 0.002, "onnx": 0.05}
    for engine, tolerance in tolerances.items():
        classifier = load(Settings(engine=engine, model_dir=target))
        assert classifier.labels == SIX
        scores = [prediction.scores for prediction in classifier.classify(TEXTS) if prediction]
        assert scores == [pytest.approx(row, abs=tolerance) for row in expected]
    assert len({row.index(max(row)) for row in expected}) > 3


def test_names_given_at_the_bake_are_the_labels(cased: Path, tmp_path: Path) -> None:
    folder, target = shutil.copytree(cased, tmp_path / "unnamed"), tmp_path / "cache"
    change_config(folder, id2label={str(index): f"LABEL_{index}" for index in range(6)})
    arguments = ("--source", folder, "--target", target, "--engine", "onnx")
    refused = download_model(*arguments)
    assert refused.returncode == 1
    assert "does not name its 6 labels" in refused.stderr
    process = download_model(*arguments, "--labels", 'a, b,"c, d",e,f,g')
    assert process.returncode == 0, process.stderr
    assert json.loads((target / "manifest.json").read_text())["labels"] == ["a", "b", "c, d", "e", "f", "g"]


def test_rows_of_an_embedding_without_a_token_change_nothing(cased: Path, tmp_path: Path) -> None:
    folder, name = shutil.copytree(cased, tmp_path / "padded"), "bert.embeddings.word_embeddings.weight"
    table = load_file(folder / "model.safetensors")[name]
    change_weights(folder, {name: torch.cat([table, torch.full((100, table.shape[1]), 9.0)])})
    change_config(folder, vocab_size=len(table) + 100)
    bake(folder, tmp_path / "cache", Origin("padded", "1"), Choices(texts=tuple(headlines(100, seed=5))))
    expected = torch_scores(cased, TEXTS)
    tolerances: dict[EngineName, float] = {"pipeline": 0.002, "onnx": 0.05}
    for engine, tolerance in tolerances.items():
        predictions = load(Settings(engine=engine, model_dir=tmp_path / "cache")).classify(TEXTS)
        scores = [prediction.scores for prediction in predictions if prediction]
        assert scores == [pytest.approx(row, abs=tolerance) for row in expected]


@pytest.mark.parametrize(("different", "deciding"), [(100, ["given"]), (99, ["generated", "given"])])
def test_with_labels_of_ones_own_the_given_headlines_decide_if_a_hundred_differ(
    different: int, deciding: list[str], cased: Path, tmp_path: Path
) -> None:
    texts = headlines(different, seed=5)
    choices = Choices(engines=("onnx",), texts=(*texts, *texts[:50]))
    manifest = bake(cased, tmp_path / "cache", Origin("six", "1"), choices)
    assert list(manifest["parity"]) == deciding


def test_electra_answers_with_the_pipeline_engine_only(tmp_path: Path) -> None:
    folder, target = write_electra(tmp_path / "electra", SIX), tmp_path / "cache"
    with pytest.raises(SourceError, match="ElectraForSequenceClassification has no int8 form; bake it with --engine p"):
        bake(folder, target, Origin("electra", "1"), Choices())
    bake(folder, target, Origin("electra", "1"), Choices(engines=("pipeline",)))
    classifier = load(Settings(engine="pipeline", model_dir=target))
    scores = [prediction.scores for prediction in classifier.classify(TEXTS) if prediction]
    assert scores == [pytest.approx(row, abs=0.002) for row in torch_scores(folder, TEXTS)]


def test_a_hub_checkpoint_is_refused_before_its_packages_are_needed(tmp_path: Path) -> None:
    folder = tmp_path / "roberta"
    folder.mkdir()
    (folder / "config.json").write_text('{"architectures": ["RobertaForSequenceClassification"]}')
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['torch', 'transformers', 'huggingface_hub'])); "
        "import download_model; sys.exit(download_model.main(sys.argv[1:]))"
    )
    with serving({"some/roberta": Repository(folder, token="hf_secret")}) as hub:
        done = subprocess.run(
            [sys.executable, "-c", code, "--source", "some/roberta", "--target", str(tmp_path / "cache")],
            cwd=ROOT,
            env={"HF_ENDPOINT": hub.url, "HF_TOKEN": "hf_secret", "HF_HOME": str(tmp_path / "hf")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert "some/roberta at main describes RobertaForSequenceClassification, which is not supported" in done.stderr
    assert len(hub.requests) == 1


def test_five_topics_are_trained_calibrated_and_baked_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, path, run = write_bert(tmp_path / "start", FIVE, taught=False), tmp_path / "news.csv", tmp_path / "run"
    rows = [[FIVE[n % 5], f"{WORDS[n % 5]} {n}"] for n in range(300)]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["section", "story"], *rows])
    columns = [str(path), "--label-column", "section", "--text-column", "story", "--run", str(run)]
    options = ["--start", str(start), "--steps", "60", "--batch", "16", "--learning-rate", "5e-3"]
    for module, arguments in ((train, [*columns, *options]), (calibrate, columns)):
        monkeypatch.setattr("sys.argv", [module.__name__, *arguments])
        module.main()
    with (run / "held_out.csv").open(newline="") as file:
        held_out = list(csv.DictReader(file))
    assert sorted(row["label"] for row in held_out) == sorted(FIVE * 6)
    texts = (run / "headlines.txt").read_text().splitlines()
    assert sorted(texts) == sorted(text for _, text in rows)
    bake(run / "best", tmp_path / "cache", Origin("mine", "1"), Choices(engines=("onnx",), texts=tuple(texts)))
    classifier = load(Settings(model_dir=tmp_path / "cache"))
    assert classifier.labels == FIVE
    predictions = classifier.classify([row["text"] for row in held_out])
    best = [FIVE[prediction.scores.index(max(prediction.scores))] for prediction in predictions if prediction]
    assert sum(label == row["label"] for label, row in zip(best, held_out, strict=True)) >= 29
