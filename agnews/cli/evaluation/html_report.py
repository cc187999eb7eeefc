"""An evaluation as one HTML page that needs nothing else."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from agnews.cli.evaluation.measure import Measured, Mistake, Report, View
from agnews.cli.evaluation.metrics import at_coverage
from agnews.cli.evaluation.text import COVERAGES, TITLES, share_text

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto }
th, td { padding: .25rem .75rem; text-align: left; border-bottom: 1px solid rgb(128 128 128 / .35) }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
img { max-width: 100%; background: white }
"""


def page(report: Report, pictures: Mapping[View, bytes]) -> str:
    """The page; `pictures` are PNG files, none for a view where they could not be drawn."""
    facts = report["installation"]
    versions = ", ".join(f"{name} {number}" for name, number in facts["versions"].items())
    files = "; ".join(f"{file['name']}, {file['rows']:,} rows, sha256 {file['sha256']}" for file in report["files"])
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">\n<title>AG News Lambda: evaluation</title>',
            f"<style>{STYLE}</style>\n<h1>Evaluation of {escape(facts['source'])}</h1>",
            f"<p>{escape(facts['revision'])}, engine {facts['engine']}, {facts['workers']} workers, "
            f"temperature {facts['temperature']:g}; {escape(facts['machine']['cpu'])}, "
            f"{facts['machine']['cpus']} CPUs; {escape(versions)}</p>\n<p>{escape(files)}</p>",
            *(part for view in report["views"] for part in section(report, view, pictures.get(view))),
            "</html>\n",
        ]
    )


def section(report: Report, view: View, picture: bytes | None) -> Iterable[str]:
    """One view of the texts."""
    measured = report["views"][view]
    yield f"<h2>{TITLES[view]}</h2>"
    if picture is not None:
        encoded = base64.b64encode(picture).decode()
        told = "Confusion matrix, reliability diagram and coverage curve; their numbers are in the tables"
        yield f'<img alt="{told}" src="data:image/png;base64,{encoded}">'
    yield table(("", "accuracy", "macro-F1", "calibration error", "texts/s"), overview(report, view))
    yield table(
        ("topic", "precision", "recall", "F1", "texts"),
        [
            (name, *(f"{found[key]:.4f}" for key in ("precision", "recall", "f1")), f"{found['support']:,}")
            for name, found in measured["metrics"]["classes"].items()
        ],
    )
    points = [at_coverage(measured["metrics"]["coverage"], share) for share in (1.0, *COVERAGES)]
    yield table(
        ("min_score", "answered", "of those right"),
        [(f"{point['min_score']:.4f}", f"{point['coverage']:.1%}", f"{point['accuracy']:.2%}") for point in points],
    )
    if measured["groups"]:
        groups = [(name, f"{found['texts']:,}", share_text(found)) for name, found in measured["groups"].items()]
        yield table(("group", "texts", "accuracy"), groups)
    yield f"<h3>The {len(measured['mistakes'])} most confident mistakes</h3>"
    yield mistakes(measured["mistakes"])


def overview(report: Report, view: View) -> list[Sequence[str]]:
    """The engine's row and, where there is one, the reference's."""
    rows = [row(report["views"][view])]
    if view in report["compared"]:
        compared = report["compared"][view]
        name, *others = row(compared["reference"])
        rows.append((f"{name}; equal labels {compared['equal_labels']:.2%}", *others))
    return rows


def row(measured: Measured) -> Sequence[str]:
    """One engine's figures."""
    found = measured["metrics"]
    name = f"{measured['engine']} @ {measured['revision']}"
    return name, share_text(found), f"{found['macro_f1']:.4f}", f"{found['ece']:.2%}", f"{measured['texts_per_s']:,.0f}"


def mistakes(found: Sequence[Mistake]) -> str:
    """The mistakes; their texts only where the report holds them."""
    quoted = any(mistake["text"] is not None for mistake in found)
    head = ("where", "label", "found", "score", *(("text",) if quoted else ()))
    return table(
        head,
        [
            (
                mistake["where"],
                mistake["label"],
                mistake["found"],
                f"{mistake['score']:.4f}",
                *((mistake["text"] or "",) if quoted else ()),
            )
            for mistake in found
        ],
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An HTML table; columns of short figures stand to the right."""
    places = ["number" if rows and all(map(is_figure, column)) else "text" for column in zip(*rows, strict=True)]
    places += ["text"] * (len(head) - len(places))
    cells = "".join(
        f'<th scope="col" class="{place}">{escape(cell)}</th>' for place, cell in zip(places, head, strict=True)
    )
    body = "\n".join(
        "<tr>"
        + "".join(f'<td class="{place}">{escape(cell)}</td>' for place, cell in zip(places, row, strict=True))
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{cells}</tr></thead><tbody>\n{body}\n</tbody></table>"


def is_figure(cell: str) -> bool:
    """True for a number with what belongs to it."""
    return cell[:1].isdigit() and len(cell) < 12
