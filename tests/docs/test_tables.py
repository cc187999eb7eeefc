"""The figures in the documents are those in results/."""

from pathlib import Path

import pytest

from benchmarks.tables import DOCUMENTS, FIGURES, MARK, rewritten
from tests.support.requirement import ROOT

MARKED = sorted(path for pattern in DOCUMENTS for path in ROOT.glob(pattern))


@pytest.mark.parametrize("path", MARKED, ids=lambda path: path.name)
def test_a_documents_figures_are_those_of_results(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text == rewritten(text), "run make tables"


def test_every_figure_is_shown_in_one_place() -> None:
    names = [mark[1] for path in MARKED for mark in MARK.finditer(path.read_text(encoding="utf-8"))]
    assert sorted(names) == sorted(FIGURES)
