"""An evaluation as one HTML page without external files."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from agnews.cli.evaluation.measurement import Measurement, Mistake, Report, View
from agnews.cli.evaluation.metrics import at_coverage
from agnews.cli.evaluation.text_report import (
    CONFUSION_HEAD,
    LABEL_HEAD,
    MATRIX_TOPICS,
    MIN_TEXTS,
    REPORTED_COVERAGES,
    THRESHOLD_HEAD,
    VIEW_TITLES,
    accuracy_text,
    confusion_rows,
    file_text,
    label_rows,
    out_of_scope_text,
    threshold_rows,
)

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto }
th, td { padding: .25rem .75rem; text-align: left; border-bottom: 1px solid rgb(128 128 128 / .35) }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
img { max-width: 100%; background: white }
"""
PLOT_ALT = "Confusion matrix, reliability diagram and coverage curve; the tables below have their numbers"
MAX_NUMBER_CHARS = 11
"""A longer cell is not right-aligned, even if it begins with a digit."""


def report_page(report: Report, plots: Mapping[View, bytes]) -> str:
    """Return the page. `plots` are PNG files, absent for views that have none."""
    installation = report["installation"]
    machine = installation["machine"]
    versions = ", ".join(f"{name} {number}" for name, number in installation["versions"].items())
    files = "; ".join(
        f"{file_text(file, installation['labels'][0])}, sha256 {file['sha256']}" for file in report["files"]
    )
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">\n<title>AG News Lambda: evaluation</title>',
            f"<style>{STYLE}</style>\n<h1>Evaluation of {escape(installation['source'])}</h1>",
            f"<p>{escape(installation['revision'])}, engine {installation['engine']}, "
            f"{installation['workers']} workers, temperature {installation['temperature']:g}; "
            f"{escape(machine['cpu'])}, {machine['cpus']} CPUs; {escape(versions)}</p>\n<p>{escape(files)}</p>",
            *(part for view in report["views"] for part in view_section(report, view, plots.get(view))),
            "</html>\n",
        ]
    )


def view_section(report: Report, view: View, plot: bytes | None) -> Iterable[str]:
    """Yield the parts of the section about one view."""
    measurement = report["views"][view]
    yield f"<h2>{VIEW_TITLES[view]}</h2>"
    if plot is not None:
        yield f'<img alt="{PLOT_ALT}" src="data:image/png;base64,{base64.b64encode(plot).decode()}">'
    yield html_table(("", "accuracy", "macro-F1", "calibration error", "texts/s"), engine_rows(report, view))
    yield topics_table(measurement)
    if len(measurement["metrics"]["classes"]) > MATRIX_TOPICS:
        yield html_table(CONFUSION_HEAD, confusion_rows(measurement["metrics"]))
    if measurement["metrics"]["texts"] >= MIN_TEXTS:
        yield coverage_table(measurement)
    if measurement["groups"]:
        groups = [(name, f"{group['texts']:,}", accuracy_text(group)) for name, group in measurement["groups"].items()]
        yield html_table(("group", "texts", "accuracy"), groups)
        yield f"<p>Mean over groups: accuracy {measurement['groups_mean']:.2%}</p>"
    if "out_of_scope" in measurement:
        yield f"<h3>Out of scope</h3>\n<p>{out_of_scope_text(measurement['out_of_scope'])}</p>"
        yield html_table(THRESHOLD_HEAD, threshold_rows(measurement["out_of_scope"]))
        yield html_table(LABEL_HEAD, label_rows(measurement["out_of_scope"]["labels"]))
    yield f"<h3>The {len(measurement['mistakes'])} most confident mistakes</h3>"
    yield mistakes_table(measurement["mistakes"])


def engine_rows(report: Report, view: View) -> list[Sequence[str]]:
    """Return the engine's row and, if there is a reference, the reference's."""
    rows = [engine_row(report["views"][view])]
    if view in report["compared"]:
        comparison = report["compared"][view]
        name, *numbers = engine_row(comparison["reference"])
        rows.append((f"{name}; equal labels {comparison['equal_labels']:.2%}", *numbers))
    return rows


def engine_row(measurement: Measurement) -> Sequence[str]:
    """Return one engine's name and numbers."""
    metrics = measurement["metrics"]
    return (
        f"{measurement['engine']} @ {measurement['revision']}",
        accuracy_text(metrics),
        f"{metrics['macro_f1']:.4f}",
        f"{metrics['ece']:.2%}",
        f"{measurement['texts_per_s']:,.0f}",
    )


def topics_table(measurement: Measurement) -> str:
    """Return the table of precision, recall and F1 by topic."""
    rows = [
        (name, *(f"{topic[key]:.4f}" for key in ("precision", "recall", "f1")), f"{topic['support']:,}")
        for name, topic in measurement["metrics"]["classes"].items()
    ]
    return html_table(("topic", "precision", "recall", "F1", "texts"), rows)


def coverage_table(measurement: Measurement) -> str:
    """Return the table of the accuracy by share of texts answered."""
    points = [at_coverage(measurement["metrics"]["coverage"], share) for share in (1.0, *REPORTED_COVERAGES)]
    rows = [(f"{point['min_score']:.4f}", f"{point['coverage']:.1%}", f"{point['accuracy']:.2%}") for point in points]
    return html_table(("min_score", "answered", "of those right"), rows)


def mistakes_table(mistakes: Sequence[Mistake]) -> str:
    """Return the table of mistakes, with a column of texts if the report has them."""
    quoted = any(mistake["text"] is not None for mistake in mistakes)
    rows = []
    for mistake in mistakes:
        cells = [mistake["where"], mistake["label"], mistake["found"], f"{mistake['score']:.4f}"]
        rows.append([*cells, mistake["text"] or ""] if quoted else cells)
    return html_table(("where", "label", "predicted", "score", *(("text",) if quoted else ())), rows)


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an HTML table whose columns of numbers are right-aligned."""
    styles = ["number" if rows and all(map(is_number, column)) else "text" for column in zip(*rows, strict=True)]
    styles += ["text"] * (len(head) - len(styles))
    header = "".join(
        f'<th scope="col" class="{style}">{escape(cell)}</th>' for style, cell in zip(styles, head, strict=True)
    )
    body = "\n".join(
        "<tr>"
        + "".join(f'<td class="{style}">{escape(cell)}</td>' for style, cell in zip(styles, cells, strict=True))
        + "</tr>"
        for cells in rows
    )
    return f"<table><thead><tr>{header}</tr></thead><tbody>\n{body}\n</tbody></table>"


def is_number(cell: str) -> bool:
    """Return whether the cell is a number, perhaps with its unit."""
    return cell[:1].isdigit() and len(cell) <= MAX_NUMBER_CHARS
