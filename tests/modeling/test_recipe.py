"""`make train` and the recipes that it follows."""

import re
from itertools import pairwise

from modeling.recipe import RECIPES
from tests.support.requirement import ROOT

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
TRAININGS = re.findall(r"-m modeling\.train .* --run (\S+) --recipe (\w+)(?: --start (\S+))?$", MAKEFILE, re.MULTILINE)
"""Run, recipe and the weights to begin with, in order."""


def test_each_training_goes_on_where_the_last_one_ended() -> None:
    assert TRAININGS[0][2] == ""
    for (run, _, _), (_, _, start) in pairwise(TRAININGS):
        assert start == f"{run}/best"


def test_a_recipe_knows_for_how_many_epochs_its_weights_were_trained() -> None:
    trained = 0
    for _, name, _ in TRAININGS:
        assert RECIPES[name].trained == trained, name
        trained += RECIPES[name].epochs


def test_what_was_trained_last_is_baked() -> None:
    last = TRAININGS[-1][0]
    assert re.findall(r"-m modeling\.calibrate .* --run (\S+)$", MAKEFILE, re.MULTILINE) == [last]
    assert re.findall(r"download_model\.py --source (\S+) .* --headlines (\S+)$", MAKEFILE, re.MULTILINE) == [
        (f"{last}/best", f"{last}/headlines.txt")
    ]
