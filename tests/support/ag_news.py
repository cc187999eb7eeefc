"""A labelled file in AG News' own format."""

from pathlib import Path

AG_NEWS = """\
"1","Ceasefire holds on the border after talks","Foreign ministers met, ""at last"", in the capital."
"2","Striker scores twice as hosts win the cup final","The coach praised his team after extra time."
"3","Oil prices climb as OPEC trims output","Crude rose 3 percent and shares of refiners fell."
"4","Telescope finds water vapour on a distant planet","Astronomers published the spectrum."
"3","Tennis champion wins in straight sets","A label that is wrong on purpose: the player won the final."
"""


def write_ag_news(folder: Path) -> Path:
    """Write AG_NEWS to test.csv in the folder, and return its path."""
    path = folder / "test.csv"
    path.write_text(AG_NEWS, encoding="utf-8")
    return path
