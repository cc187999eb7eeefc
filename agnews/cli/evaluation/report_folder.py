"""The folder with a report's files."""

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from agnews.cli.evaluation.html_report import report_page
from agnews.cli.evaluation.measurement import Report, View
from agnews.cli.evaluation.text_report import VIEW_TITLES
from agnews.cli.files.atomic import atomic_file
from agnews.errors import InputError

REPORT_JSON, REPORT_PAGE = "report.json", "index.html"


def make_folder(folder: Path, inputs: Sequence[Path]) -> None:
    """Create the folder. Raises InputError if that fails, or if the report would overwrite one of the inputs."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"cannot make the folder {folder} ({error.strerror})") from error
    for name in (REPORT_JSON, REPORT_PAGE):
        if any((folder / name).exists() and path.samefile(folder / name) for path in inputs):
            raise InputError(f"{folder / name} is one of the inputs; name another --report folder")


def can_plot() -> bool:
    """Return whether matplotlib is installed; without it a report has no plots."""
    return find_spec("matplotlib") is not None


def write_report(report: Report, folder: Path) -> None:
    """Write report.json, index.html and, if matplotlib is installed, one PNG file for each view."""
    plots = draw_views(report) if can_plot() else {}
    for view in VIEW_TITLES:
        (folder / f"{view}.png").unlink(missing_ok=True)  # an earlier report's
    for view, plot in plots.items():
        (folder / f"{view}.png").write_bytes(plot)
    with atomic_file(folder / REPORT_JSON) as stream:
        stream.write(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    with atomic_file(folder / REPORT_PAGE) as stream:
        stream.write(report_page(report, plots))


def draw_views(report: Report) -> dict[View, bytes]:
    """Return one PNG file for each view."""
    from agnews.cli.evaluation.plots import draw_measurement  # matplotlib, which the other files do not need

    return {view: draw_measurement(measurement, VIEW_TITLES[view]) for view, measurement in report["views"].items()}
