"""An evaluation as text."""

from collections.abc import Iterator

from agnews.cli.evaluation.measure import Compared, Measured, Report, View
from agnews.cli.evaluation.metrics import Share, at_coverage
from agnews.labels import LABELS

TITLES: dict[View, str] = {"title": "Titles", "full": "Titles with descriptions"}
COVERAGES = (0.95, 0.9, 0.8)


def report_text(report: Report) -> str:
    """The report, for reading."""
    return "\n".join(report_lines(report)) + "\n"


def report_lines(report: Report) -> Iterator[str]:
    """The report's lines."""
    facts = report["installation"]
    yield f"{facts['source']} @ {facts['revision']}, engine {facts['engine']}, {facts['workers']} workers"
    yield ", ".join(f"{file['name']}: {file['rows']:,} rows" for file in report["files"])
    for view, measured in report["views"].items():
        yield f"\n{TITLES[view]}"
        yield from measured_lines(measured)
        if view in report["compared"]:
            yield from compared_lines(report["compared"][view], facts["revision"])


def measured_lines(measured: Measured) -> Iterator[str]:
    """One engine on one view."""
    found = measured["metrics"]
    yield f"  accuracy {share_text(found)}"
    yield f"  macro-F1 {found['macro_f1']:.4f}, calibration error {found['ece']:.2%}"
    for share in COVERAGES:
        point = at_coverage(found["coverage"], share)
        yield f"  min_score {point['min_score']:.4f} answers {point['coverage']:.1%}: {point['accuracy']:.2%} right"
    yield f"  {measured['texts_per_s']:,.0f} texts/s"
    yield f"  {'':<10}{'precision':>10}{'recall':>10}{'F1':>10}{'texts':>10}"
    for label, of_class in found["classes"].items():
        shares = "".join(f"{of_class[name]:>10.4f}" for name in ("precision", "recall", "f1"))
        yield f"  {label:<10}{shares}{of_class['support']:>10,}"
    yield f"  {'true, found':<12}" + "".join(f"{label:>10}" for label in LABELS)
    for label, row in zip(LABELS, found["confusion"], strict=True):
        yield f"  {label:<12}" + "".join(f"{count:>10,}" for count in row)
    for name, of_group in measured["groups"].items():
        yield f"  {name or '(empty)'}: accuracy {share_text(of_group)} of {of_group['texts']:,}"


def share_text(found: Share) -> str:
    """An accuracy and its interval."""
    low, high = found["accuracy_95"]
    return f"{found['accuracy']:.2%} (95 % interval {low:.2%} to {high:.2%})"


def compared_lines(compared: Compared, revision: str) -> Iterator[str]:
    """The one against the reference, which is named by what differs."""
    reference = compared["reference"]
    other = f" @ {reference['revision']}" if reference["revision"] != revision else ""
    yield f"  {reference['engine']}{other}: accuracy {reference['metrics']['accuracy']:.2%}, " + (
        f"{reference['texts_per_s']:,.0f} texts/s; difference {compared['difference_points']:+.2f} points, "
        f"equal labels {compared['equal_labels']:.2%}"
    )
