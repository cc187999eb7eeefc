"""The four topics of AG News, in the order of the data set."""

from typing import Literal, get_args

Label = Literal["World", "Sports", "Business", "Sci/Tech"]

LABELS: tuple[Label, ...] = get_args(Label)
"""Index i is column i of the logits, and class i + 1 in AG News' CSV files."""
