import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.support.requirement import ROOT, require_module, require_start_weights

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers", "tqdm")

import torch
from transformers import BertConfig, BertModel, DistilBertConfig, DistilBertForSequenceClassification

from modeling import data, fold
from modeling.batches import hide
from modeling.calibrate import figures, negative_log_likelihood, temperature
from modeling.halves import Halved
from modeling.headlines import PATTERNS, headlines


@pytest.mark.parametrize(
    ("raw", "mended"),
    [
        ("America #39;s top diplomat", "America's top diplomat"),
        ("the  #36;10 million prize", "the $10 million prize"),
        ("a second\\team of rocketeers", "a second team of rocketeers"),
        ("&lt;b&gt;Opinion&lt;/b&gt; Spam", "Opinion Spam"),
        ("Johnson  amp; Johnson", "Johnson & Johnson"),
        ("crack down on  quot;phone sex quot; services", 'crack down on "phone sex " services'),
        ("Dell &lt;DELL.O&gt; said", "Dell <DELL.O> said"),
        ('&lt;A HREF="http://www.investor.reuters.com', ""),
    ],
)
def test_html_remains_are_mended(raw: str, mended: str) -> None:
    assert data.clean(raw) == mended


@pytest.mark.parametrize(
    "text",
    [
        "AT&T beats Q3 forecasts; shares up 5%",
        "Is 3 < 4? Yes; no",
        "Team #39 wins",
        "  two  spaces ",
        "R&D; costs",
        "лента",
    ],
)
def test_ordinary_text_is_left_untouched(text: str) -> None:
    assert data.clean(text) == text


def rows(count: int) -> list[data.Row]:
    return [
        data.Row(
            number % 4,
            {"title": f"title {number}", "full": f"title {number}: text {number}", "description": f"text {number}"},
        )
        for number in range(count)
    ]


def test_no_text_of_the_validation_rows_is_trained_on() -> None:
    copies = [
        data.Row(1, {"title": "Title 7!"}),
        data.Row(2, {"description": "text 31."}),
        data.Row(3, {"full": "TITLE 9, TEXT 9"}),
    ]
    fresh = [data.Row(0, {"title": "Title 41"}), data.Row(2, {"description": "Text 41"})]
    training, validation = data.split([*rows(40), *copies, *fresh], 40, seed=3)
    assert sorted(row.views["title"] for row in validation) == sorted(row.views["title"] for row in rows(40))
    assert training == fresh


@pytest.mark.parametrize(("held_out", "left"), [(0, 48), (8, 40), (40, 8)])
def test_as_many_of_each_class_are_held_out_and_all_others_trained_on(held_out: int, left: int) -> None:
    training, validation = data.split(rows(48), held_out, seed=3)
    assert (len(training), len(validation)) == (left, held_out)
    assert [sum(row.label == label for row in validation) for label in range(4)] == [held_out // 4] * 4
    assert all((row in training) != (row in validation) for row in rows(48))


def test_malformed_rows_are_told_by_line(tmp_path: Path) -> None:
    path = tmp_path / "train.csv"
    path.write_text('"1","a","b"\n"5","a","b"\n')
    with pytest.raises(ValueError, match=r"train\.csv:2: expected class 1-4"):
        data.read_csv(path)


def test_rows_of_the_test_split_are_left_out_of_training(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text('"1","Seen","b"\n"2","New","c"\n"3","SEEN!","title"\n')
    (tmp_path / "test.csv").write_text('"1","Seen","d"\n')
    found, notes = data.read_folder(tmp_path)
    assert [row.views["title"] for row in found] == ["New"]
    assert notes == ["train.csv: 3 rows, 2 left out as also in test.csv"]


def test_a_folded_bert_has_the_same_hidden_states(tmp_path: Path) -> None:
    config = BertConfig(
        vocab_size=2000, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
    )
    torch.manual_seed(0)
    bert = BertModel(config, add_pooling_layer=False).eval()
    with torch.no_grad():
        bert.embeddings.token_type_embeddings.weight.normal_()
    bert.save_pretrained(tmp_path)
    model = fold.folded_classifier(tmp_path)
    assert fold.hidden_difference(bert, model) < fold.TOLERANCE
    with torch.no_grad():
        model.distilbert.embeddings.position_embeddings.weight[3, 0] += 0.1
    assert fold.hidden_difference(bert, model) > fold.TOLERANCE


def test_the_real_minilm_folds_exactly() -> None:
    require_start_weights()
    assert fold.folded_classifier(fold.minilm_folder()).num_parameters() == 22_713_988


def test_the_temperature_of_overconfident_logits_is_found() -> None:
    chance = np.random.default_rng(0)
    honest = chance.normal(size=(20_000, 4)).astype(np.float32) * 2
    shares = np.exp(honest) / np.exp(honest).sum(axis=1, keepdims=True)
    labels = np.array([chance.choice(4, p=row / row.sum()) for row in shares.astype(float)])
    found = temperature(honest * 3, labels)
    assert found == pytest.approx(3, rel=0.03)
    assert negative_log_likelihood(honest * 3 / np.float32(found), labels) < negative_log_likelihood(honest * 3, labels)
    assert figures(honest * 3, labels, found)["ece"] < 0.015 < figures(honest * 3, labels, 1.0)["ece"]


def test_generated_headlines_differ_and_repeat_with_their_seed() -> None:
    found = headlines(1000)
    assert len(set(found)) == 1000
    assert found == headlines(1000)
    assert found != headlines(1000, seed=1)
    assert len(PATTERNS) > 40


def test_a_killed_training_goes_on_where_it_last_saved(tmp_path: Path) -> None:
    require_start_weights()
    folder = tmp_path / "data"
    folder.mkdir()
    lines = [f'"{n % 4 + 1}","Headline {n} of topic {n % 4}","Text {n}"' for n in range(2320)]
    (folder / "train.csv").write_text("\n".join(lines))
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert training(folder, whole).wait() == 0
    with training(folder, killed) as process:
        while not (killed / "state.pt").exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
    assert training(folder, killed).wait() == 0
    logs = [(run / "log.jsonl").read_text() for run in (whole, killed)]
    assert '"resumed"' not in logs[0]
    assert '"resumed"' in logs[1]
    states = [torch.load(run / "state.pt", weights_only=True) for run in (whole, killed)]
    assert states[0]["step"] == states[1]["step"] == 10
    for name, value in states[0]["model"].items():
        assert torch.equal(value, states[1]["model"][name]), name


def training(folder: Path, run: Path) -> subprocess.Popen[bytes]:
    options = ["--run", str(run), "--epochs", "1", "--save-every", "5"]
    command = [sys.executable, "-m", "modeling.train", str(folder), *options]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_the_share_of_tokens_that_is_hidden(share: float) -> None:
    ids, mask = torch.full((400, 21), 5), torch.ones(400, 21, dtype=torch.int64)
    mask[:, 15:] = 0
    hide([(ids, mask, torch.zeros(400, 4))], share, 3, torch.Generator().manual_seed(0))
    assert set(ids[:, 0].tolist()) == {5}, "the first token stays"
    assert set(ids[:, 15:].flatten().tolist()) == {5}, "so does padding"
    assert float((ids[:, 1:15] == 3).float().mean()) == pytest.approx(share, abs=0.03)


def test_a_bfloat16_copy_trains_the_float32_model() -> None:
    torch.manual_seed(0)
    config = DistilBertConfig(
        vocab_size=50, dim=16, n_layers=1, n_heads=2, hidden_dim=32, dropout=0.0, id2label=dict.fromkeys(range(4), "")
    )
    model = DistilBertForSequenceClassification(config)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    halved = Halved(model)
    ids, goals = torch.arange(20).view(4, 5) + 5, torch.eye(4)
    losses = []
    for _ in range(30):
        loss = torch.nn.functional.cross_entropy(halved.logits(ids, torch.ones_like(ids)), goals)
        halved.update(loss, optimizer.step)
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3
    assert any(not torch.equal(value, before[name]) for name, value in model.state_dict().items())
    for ours, theirs in zip(model.parameters(), halved.copy.parameters(), strict=True):
        assert ours.dtype == torch.float32
        assert torch.equal(ours.bfloat16(), theirs)
