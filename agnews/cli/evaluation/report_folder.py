"""The files of a report's folder."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from agnews.cli.evaluation.measure import Report, View
from agnews.cli.evaluation.page import page
from agnews.cli.evaluation.text import TITLES
from agnews.cli.files.writers import replacing
from agnews.errors import InputError

JSON, PAGE = "report.json", "index.html"


def make_folder(folder: Path, inputs: Sequence[Path]) -> None:
    """Makes the folder that `write` will fill. Raises InputError where it cannot be, or an input would be lost."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder} ({error.strerror})") from error
    for name in (JSON, PAGE):
        if any((folder / name).exists() and path.samefile(folder / name) for path in inputs):
            raise InputError(f"{folder / name} is one of the inputs; name another --report folder")


def can_draw() -> bool:
    """True where matplotlib is installed; without it a report has no plots."""
    return find_spec("matplotlib") is not None


def write(report: Report, folder: Path) -> None:
    """Writes report.json, index.html and, where `can_draw`, one PNG file for each view."""
    pictures = drawn(report) if can_draw() else {}
    for view in TITLES:
        (folder / f"{view}.png").unlink(missing_ok=True)  # an earlier report's
    for view, picture in pictures.items():
        (folder / f"{view}.png").write_bytes(picture)
    with replacing(folder / JSON) as stream:
        stream.write(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    with replacing(folder / PAGE) as stream:
        stream.write(page(report, pictures))


def drawn(report: Report) -> dict[View, bytes]:
    """One PNG file for each view."""
    from agnews.cli.evaluation.plots import png  # matplotlib, which the text does without

    return {view: png(measured, TITLES[view]) for view, measured in report["views"].items()}
