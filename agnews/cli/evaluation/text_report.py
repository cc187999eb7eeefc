"""An evaluation as text."""

from collections.abc import Iterator, Mapping

from agnews.cli.evaluation.examples import EvaluatedFile
from agnews.cli.evaluation.measurement import Comparison, Measurement, Report, View
from agnews.cli.evaluation.metrics import HIGH_SCORE, Accuracy, Metrics, OutOfScope, OutOfScopeLabel, at_coverage
from agnews.settings import RECOMMENDED_MIN_SCORE

VIEW_TITLES: dict[View, str] = {"title": "Titles", "full": "Titles with descriptions"}
REPORTED_COVERAGES = (0.95, 0.9, 0.8)
"""The shares of texts answered for which reports show `min_score` and accuracy."""
MIN_TEXTS = 100
"""With fewer, one text moves what is said about calibration and `min_score` by more than a percentage point."""
THRESHOLD_HEAD = ("min_score", "in scope answered", "of those right", "out of scope answered")
MATRIX_TOPICS = 10
MATRIX_CHARS = 120
"""With more topics or in a wider table, reports list the most frequent confusions instead of a matrix with all."""
MAX_CONFUSIONS = 20
CONFUSION_HEAD = ("true", "predicted", "texts", "of the true")
LABEL_HEAD = ("label", "texts", f"scored {RECOMMENDED_MIN_SCORE:g} or higher", "topics")


def report_text(report: Report) -> str:
    """Return the report as text for a terminal."""
    return "\n".join(report_lines(report)) + "\n"


def report_lines(report: Report) -> Iterator[str]:
    """Yield the report's lines."""
    installation = report["installation"]
    yield (
        f"{installation['source']} @ {installation['revision']}, "
        f"engine {installation['engine']}, {installation['workers']} workers"
    )
    yield "; ".join(file_text(file, installation["labels"][0]) for file in report["files"])
    for view, measurement in report["views"].items():
        yield f"\n{VIEW_TITLES[view]}"
        yield from measurement_lines(measurement)
        if view in report["compared"]:
            yield from comparison_lines(report["compared"][view], installation["revision"])


def file_text(file: EvaluatedFile, first: str) -> str:
    """Return the file's name, its rows, those left out and, if it numbers the topics, the number of the `first`."""
    numbers = file["label_numbers"]
    left_out = f", {file['left_out']:,} left out" if file["left_out"] else ""
    labels = f", labels {numbers} ({numbers[0]} is {first})" if numbers else ""
    return f"{file['name']}: {file['rows']:,} rows{left_out}{labels}"


def measurement_lines(measurement: Measurement) -> Iterator[str]:
    """Yield the results on one view."""
    metrics = measurement["metrics"]
    yield f"  accuracy {accuracy_text(metrics)}"
    yield from score_lines(metrics)
    yield f"  {measurement['texts_per_s']:,.0f} texts/s"
    yield from topic_lines(metrics)
    for name, group in measurement["groups"].items():
        yield f"  {name or '(empty)'}: accuracy {accuracy_text(group)} of {group['texts']:,}"
    if "groups_mean" in measurement:
        yield f"  mean over groups: accuracy {measurement['groups_mean']:.2%}"
    if "out_of_scope" in measurement:
        yield f"  out of scope: {out_of_scope_text(measurement['out_of_scope'])}"
        for cells in [THRESHOLD_HEAD, *threshold_rows(measurement["out_of_scope"])]:
            yield "  " + "  ".join(f"{cell:>{len(title)}}" for cell, title in zip(cells, THRESHOLD_HEAD, strict=True))


def topic_lines(metrics: Metrics) -> Iterator[str]:
    """Yield the results by topic, and how often each topic got each label, or of many topics what was confused most."""
    width = max(8, *map(len, metrics["classes"])) + 2
    yield f"  {'':<{width}}{'precision':>10}{'recall':>10}{'F1':>10}{'texts':>10}"
    for label, one_class in metrics["classes"].items():
        shares = "".join(f"{one_class[name]:>10.4f}" for name in ("precision", "recall", "f1"))
        yield f"  {label:<{width}}{shares}{one_class['support']:>10,}"
    if len(metrics["classes"]) > MATRIX_TOPICS or width * len(metrics["classes"]) > MATRIX_CHARS:
        for true, predicted, texts, share in [CONFUSION_HEAD, *confusion_rows(metrics)]:
            yield f"  {true:<{width}}{predicted:<{width}}{texts:>10}{share:>13}"
        return
    yield f"  {'true/predicted':<{max(16, width)}}" + "".join(f"{label:>{width}}" for label in metrics["classes"])
    for label, counts in zip(metrics["classes"], metrics["confusion"], strict=True):
        yield f"  {label:<{max(16, width)}}" + "".join(f"{count:>{width},}" for count in counts)


def confusion_rows(metrics: Metrics) -> list[tuple[str, ...]]:
    """Return the most frequent confusions of two topics, below CONFUSION_HEAD."""
    topics = list(metrics["classes"])
    counts = {
        (row, column): count
        for row, cells in enumerate(metrics["confusion"])
        for column, count in enumerate(cells)
        if count and row != column
    }
    return [
        (topics[row], topics[column], f"{count:,}", f"{count / metrics['classes'][topics[row]]['support']:.1%}")
        for (row, column), count in sorted(counts.items(), key=lambda item: -item[1])[:MAX_CONFUSIONS]
    ]


def score_lines(metrics: Metrics) -> Iterator[str]:
    """Yield how good the scores are and what they answer by `min_score`, or how many texts that needs."""
    if metrics["texts"] < MIN_TEXTS:
        yield f"  for calibration and min_score, evaluate at least {MIN_TEXTS} texts"
        return
    yield f"  macro-F1 {metrics['macro_f1']:.4f}, calibration error {metrics['ece']:.2%}"
    for share in REPORTED_COVERAGES:
        point = at_coverage(metrics["coverage"], share)
        yield f"  min_score {point['min_score']:.4f} answers {point['coverage']:.1%}: {point['accuracy']:.2%} right"


def out_of_scope_text(measured: OutOfScope) -> str:
    """Return the number of texts out of scope, the AUROC, and how many of them score high."""
    auroc = f"AUROC {measured['auroc']:.3f}"
    if "groups_auroc" in measured:
        auroc += f" (mean over groups {measured['groups_auroc']:.3f})"
    return f"{measured['texts']:,} texts, {auroc}, {measured['high']:.1%} scored {HIGH_SCORE:g} or higher"


def threshold_rows(measured: OutOfScope) -> list[tuple[str, ...]]:
    """Return what each `min_score` answers, below THRESHOLD_HEAD."""
    return [
        (
            f"{point['min_score']:g}",
            f"{point['in_scope']:.1%}",
            "-" if point["accuracy"] is None else f"{point['accuracy']:.1%}",
            f"{point['out_of_scope']:.1%}",
        )
        for point in measured["thresholds"]
    ]


def label_rows(labels: Mapping[str, OutOfScopeLabel]) -> list[tuple[str, ...]]:
    """Return what the labels out of scope get, below LABEL_HEAD."""
    return [
        (
            label,
            f"{group['texts']:,}",
            f"{group['answered']:.1%}",
            ", ".join(f"{topic} {share:.0%}" for topic, share in group["predicted"].items()),
        )
        for label, group in labels.items()
    ]


def accuracy_text(accuracy: Accuracy) -> str:
    """Return the accuracy and its interval."""
    low, high = accuracy["accuracy_95"]
    return f"{accuracy['accuracy']:.2%} (95 % interval {low:.2%} to {high:.2%})"


def comparison_lines(comparison: Comparison, revision: str) -> Iterator[str]:
    """Yield the comparison; the reference's revision is shown only if it is not `revision`."""
    reference = comparison["reference"]
    other = f" @ {reference['revision']}" if reference["revision"] != revision else ""
    yield (
        f"  {reference['engine']}{other}: accuracy {reference['metrics']['accuracy']:.2%}, "
        f"{reference['texts_per_s']:,.0f} texts/s; difference {comparison['difference_points']:+.2f} points, "
        f"equal labels {comparison['equal_labels']:.2%}"
    )
