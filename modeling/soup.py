"""Averages the weights of runs that began with the same published ones (Wortsman et al. 2022, "Model soups").

python -m modeling.soup runs/student runs/taught --run runs/default [--weights 1 2]

Writes a run that can be calibrated and baked: `best/`, and the recipe of the last run named, whose rows it takes.
"""

import argparse
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from modeling.recipe import RECIPE, WEIGHTS


def mixed(folders: Sequence[Path], shares: Sequence[float], target: Path) -> None:
    """Writes to `target` the last folder's checkpoint with the weighted mean of all folders' weights, in float32.

    Raises:
        SystemExit: the checkpoints have other tensors than the last one.
    """
    total = sum(shares)
    parts = [load_file(folder / WEIGHTS) for folder in folders]
    shapes = [{name: tuple(value.shape) for name, value in part.items()} for part in parts]
    for folder, found in zip(folders, shapes, strict=True):
        if found != shapes[-1]:
            raise SystemExit(f"error: {folder} has other tensors than {folders[-1]}; only runs of one start mix")
    shutil.copytree(folders[-1], target)
    mean = {
        name: torch.stack(
            [part[name].float() * (share / total) for part, share in zip(parts, shares, strict=True)]
        ).sum(0)
        for name in parts[-1]
    }
    save_file(mean, target / WEIGHTS, metadata={"format": "pt"})


def main() -> None:
    """Command line: see the module's first lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN")
    parser.add_argument("--run", type=Path, default=Path("runs/default"), help="what to write; default %(default)s")
    parser.add_argument("--weights", type=float, nargs="+", help="each run's share; default equal ones")
    arguments = parser.parse_args()
    shares = arguments.weights or [1.0] * len(arguments.runs)
    if len(shares) != len(arguments.runs) or min(shares) <= 0:
        parser.error("as many --weights as runs, all above 0")
    claims = [json.loads((run / RECIPE).read_text()) for run in arguments.runs]
    if any(claim["sha256"] != claims[-1]["sha256"] for claim in claims):
        raise SystemExit("error: these runs were trained on different rows")
    if arguments.run.exists():
        raise SystemExit(f"error: there is a {arguments.run} already; name another --run, or delete it")
    arguments.run.mkdir(parents=True)
    mixed([run / "best" for run in arguments.runs], shares, arguments.run / "best")
    mixture = {str(run): share / sum(shares) for run, share in zip(arguments.runs, shares, strict=True)}
    (arguments.run / RECIPE).write_text(json.dumps(claims[-1] | {"mixture": mixture}, indent=2) + "\n")
    print(f"{arguments.run / 'best'} is the mean of {', '.join(mixture)}")


if __name__ == "__main__":
    main()
