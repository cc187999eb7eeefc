"""Runs of one start mixed into one checkpoint."""

import json
from pathlib import Path

import pytest

from tests.support.requirement import require_module

require_module("torch", "transformers")

import torch  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from modeling.recipe import RECIPE  # noqa: E402
from modeling.soup import main, mixed  # noqa: E402
from tests.support.tiny_checkpoint import change_weights, write_safetensors  # noqa: E402

BIAS = "classifier.bias"


def run_with(folder: Path, bias: float, rows: str = "a") -> Path:
    """A run whose checkpoint's last bias is `bias`, trained on the rows of that digest."""
    (folder / "best").mkdir(parents=True)
    write_safetensors(folder / "best")
    change_weights(folder / "best", {BIAS: torch.full((4,), bias)})
    (folder / RECIPE).write_text(json.dumps({"recipe": {"seed": bias}, "sha256": rows}))
    return folder


def test_every_weight_is_the_weighted_mean(tmp_path: Path) -> None:
    runs = [run_with(tmp_path / str(bias), bias) for bias in (1.0, 4.0)]
    mixed([run / "best" for run in runs], [2, 1], tmp_path / "mixed")
    weights = [load_file(folder / "model.safetensors") for folder in (runs[0] / "best", runs[1] / "best")]
    found = load_file(tmp_path / "mixed" / "model.safetensors")
    assert found[BIAS].tolist() == [2.0] * 4
    assert found.keys() == weights[0].keys()
    for name, value in found.items():
        torch.testing.assert_close(value, (2 * weights[0][name] + weights[1][name]) / 3)


def test_the_mixture_is_a_run_that_says_what_it_is_made_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [run_with(tmp_path / name, bias) for name, bias in (("one", 1.0), ("two", 3.0))]
    monkeypatch.setattr("sys.argv", ["soup", *map(str, runs), "--run", str(tmp_path / "mixed")])
    main()
    told = json.loads((tmp_path / "mixed" / RECIPE).read_text())
    assert told["mixture"] == {str(runs[0]): 0.5, str(runs[1]): 0.5}
    assert told["recipe"] == {"seed": 3.0}
    assert load_file(tmp_path / "mixed" / "best" / "model.safetensors")[BIAS].tolist() == [2.0] * 4


def test_runs_on_different_rows_do_not_mix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [run_with(tmp_path / rows, 1.0, rows) for rows in ("a", "b")]
    monkeypatch.setattr("sys.argv", ["soup", *map(str, runs), "--run", str(tmp_path / "mixed")])
    with pytest.raises(SystemExit, match="different rows"):
        main()
    assert not (tmp_path / "mixed").exists()


def test_checkpoints_of_another_shape_do_not_mix(tmp_path: Path) -> None:
    runs = [run_with(tmp_path / name, 1.0) for name in ("one", "two")]
    change_weights(runs[0] / "best", {BIAS: torch.zeros(5)})
    with pytest.raises(SystemExit, match="other tensors"):
        mixed([run / "best" for run in runs], [1, 1], tmp_path / "mixed")
