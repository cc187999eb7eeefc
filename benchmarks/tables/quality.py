"""Figures of quality: accuracy, calibration, agreement, sizes."""

from collections.abc import Iterable

from agnews.cli.evaluation.metrics import HIGH_SCORE
from agnews.cli.evaluation.text_report import (
    LABEL_HEAD,
    THRESHOLD_HEAD,
    VIEW_TITLES,
    label_rows,
    threshold_rows,
)
from agnews.labels import LABELS
from agnews.model.checkpoint import read_checkpoint
from agnews.settings import RECOMMENDED_MIN_SCORE, Settings
from benchmarks.tables.markdown import Results, percent, results, table

MIN_KIND = 50  # of fewer headlines, shares say little
VIEWS = {view: title.lower() for view, title in VIEW_TITLES.items()}
OTHER_SCRIPTS = {"Russian", "Greek", "Arabic", "Hindi", "Chinese", "Japanese", "Korean"}
CHECKPOINT_FILES = {
    "model.onnx": "the int8 graph, for the `onnx` engine",
    "model.onnx.data": "its weights",
    "model.safetensors": "float16 weights, for the `pipeline` engine and for baking again",
    "tokenizer_rules.json": "WordPiece rules, for both engines",
    "vocab.txt": "the vocabulary, for both engines",
    "tokenizer.json": "rules and vocabulary in one file, for transformers and for baking again",
    "tokenizer_config.json": "the maximum length and the tokenizer's options, for transformers",
    "config.json": "architecture and labels, for the `pipeline` engine",
}


def accuracy() -> str:
    """Return the accuracy on the test split in a line."""
    titles, full = (results("quality/ag_news/report")["views"][view]["metrics"]["accuracy"] for view in VIEWS)
    return f"{titles:.1%} of titles, {full:.1%} of titles with descriptions"


def accuracy_by_view() -> str:
    """Return both engines' accuracy on AG News' test split."""
    report = results("quality/ag_news/report")
    rows = []
    for view, title in VIEWS.items():
        metrics, compared = report["views"][view]["metrics"], report["compared"][view]
        ours = f"{metrics['accuracy']:.2%} ({percent(metrics['accuracy_95'])})"
        reference = compared["reference"]["metrics"]["accuracy"]
        rows.append((title, ours, f"{reference:.2%}", f"{compared['equal_labels']:.2%}", f"{metrics['ece']:.2%}"))
    head = ("AG News test split", "int8 (95% interval)", "float32, torch", "equal labels", "calibration error")
    return table(head, rows)


def f1() -> str:
    """Return the F1 of each topic."""
    views = results("quality/ag_news/report")["views"]
    rows = [
        (title, *(f"{views[view]['metrics']['classes'][label]['f1']:.4f}" for label in LABELS))
        for view, title in VIEWS.items()
    ]
    return table(("F1, int8", *LABELS), rows)


def modern() -> str:
    """Return the accuracy on headlines in today's style."""
    measured = results("quality/modern/report")["views"]["title"]
    groups = {"all": measured["metrics"], **dict(sorted(measured["groups"].items(), reverse=True))}
    rows = [
        (name, group["texts"], f"{group['accuracy']:.1%} ({percent(group['accuracy_95'])})")
        for name, group in groups.items()
    ]
    return table(("headlines in today's style", "number", "int8 accuracy (95% interval)"), rows)


def other_headlines() -> str:
    """Return the accuracy on headlines that are not AG News', and how the score tells those out of scope."""
    outlets, modern = (results(f"quality/{name}/report")["views"]["title"] for name in ("outlets", "modern"))
    means = f"{outlets['groups_mean']:.1%}", f"{outlets['out_of_scope']['groups_auroc']:.3f}"
    rows = [
        scope_row("other outlets", outlets),
        (f"the same, mean over the {len(outlets['groups'])} outlets", "", means[0], "", means[1], ""),
        scope_row("written for this project", modern),
    ]
    head = ("in scope", "int8 accuracy (95% interval)", "out of scope", "AUROC", "out of scope scored 0.9 or higher")
    return table(("headlines", *head), rows)


def scope_row(title: str, measured: Results) -> tuple[str, ...]:
    """Return a row of `other_headlines`."""
    metrics, outside = measured["metrics"], measured["out_of_scope"]
    accuracy = f"{metrics['accuracy']:.1%} ({percent(metrics['accuracy_95'])})"
    numbers = f"{metrics['texts']:,}", f"{outside['texts']:,}"
    return title, numbers[0], accuracy, numbers[1], f"{outside['auroc']:.3f}", f"{outside['high']:.1%}"


def previous() -> str:
    """Return the checkpoint before this one beside this one."""
    columns = [_checkpoint_figures("quality/previous/{}"), _checkpoint_figures("quality/{}/report")]
    return table(("", "previous", "this one"), [(name, *(column[name] for column in columns)) for name in columns[0]])


def _checkpoint_figures(place: str) -> dict[str, str]:
    """Return what two checkpoints are compared by, in reading order; `place` is where the reports are."""
    ag_news, outlets, modern = (results(place.format(name))["views"] for name in ("ag_news", "outlets", "modern"))
    outside = outlets["title"]["out_of_scope"]
    point = next(point for point in outside["thresholds"] if point["min_score"] == RECOMMENDED_MIN_SCORE)
    answered = f"at `min_score` {RECOMMENDED_MIN_SCORE:g}, of other outlets"
    return {
        "AG News test split, titles: right": f"{ag_news['title']['metrics']['accuracy']:.1%}",
        "AG News test split, titles with descriptions: right": f"{ag_news['full']['metrics']['accuracy']:.1%}",
        "other outlets, in scope: right, mean over outlets": f"{outlets['title']['groups_mean']:.1%}",
        "other outlets, in scope: calibration error": f"{outlets['title']['metrics']['ece']:.1%}",
        "other outlets: AUROC, mean over outlets": f"{outside['groups_auroc']:.3f}",
        f"other outlets, out of scope: scored {HIGH_SCORE:g} or higher": f"{outside['high']:.1%}",
        f"{answered}: in scope answered": f"{point['in_scope']:.1%}",
        f"{answered}: right of these": f"{point['accuracy']:.1%}",
        f"{answered}: out of scope answered": f"{point['out_of_scope']:.1%}",
        "written for this project, in scope: right": f"{modern['title']['metrics']['accuracy']:.1%}",
        "written for this project: AUROC": f"{modern['title']['out_of_scope']['auroc']:.3f}",
    }


def out_of_scope_kinds() -> str:
    """Return what other outlets' headlines out of scope get, by their kind, where there are MIN_KIND of one."""
    labels = results("quality/outlets/report")["views"]["title"]["out_of_scope"]["labels"]
    rows = label_rows({name: group for name, group in labels.items() if group["texts"] >= MIN_KIND})
    return table(LABEL_HEAD, [(name.removeprefix("out:"), *cells) for name, *cells in rows])


def by_outlet() -> str:
    """Return the accuracy on each other outlet, of the checkpoint before this one and of this one."""
    before, now = (
        results(name)["views"]["title"]["groups"] for name in ("quality/previous/outlets", "quality/outlets/report")
    )
    rows = [
        (outlet, group["texts"], f"{before[outlet]['accuracy']:.1%}", f"{group['accuracy']:.1%}")
        for outlet, group in now.items()
    ]
    return table(("outlet", "headlines in scope", "previous: right", "this one: right"), rows)


def min_scores() -> str:
    """Return what each `min_score` answers of other outlets' headlines, in scope and out of scope."""
    measured = results("quality/outlets/report")["views"]["title"]["out_of_scope"]
    return table((f"`{THRESHOLD_HEAD[0]}`", *THRESHOLD_HEAD[1:]), threshold_rows(measured))


def outlets_accuracy() -> str:
    """Return the mean accuracy over other outlets in a line."""
    measured = results("quality/outlets/report")["views"]["title"]
    return f"{measured['groups_mean']:.1%} on average of the headlines of {len(measured['groups'])} other outlets"


def outlets_parity() -> str:
    """Return the share of other outlets' headlines that both engines give the same label, in a line."""
    compared = results("quality/outlets/report")["compared"]["title"]
    inside, outside = compared["equal_labels"], compared["equal_labels_out_of_scope"]
    return f"{inside:.1%} of those in scope and {outside:.1%} of the others"


def out_of_scope() -> str:
    """Return how high other outlets' headlines out of scope score, in a line."""
    measured = results("quality/outlets/report")["views"]["title"]["out_of_scope"]
    shares = {point["min_score"]: point["out_of_scope"] for point in measured["thresholds"]}
    answered = f"{shares[RECOMMENDED_MIN_SCORE]:.0%} score {RECOMMENDED_MIN_SCORE:g} or higher"
    return f"{answered}, {measured['high']:.0%} {HIGH_SCORE:g} or higher"


def unfamiliar() -> str:
    """Return how many headlines are answered as unfamiliar, by language and script."""
    measured = results("quality/unfamiliar")
    languages = measured["languages"]
    others = {name: languages.pop(name) for name in [*languages] if name in OTHER_SCRIPTS}
    rows = [
        (f"in other scripts: {', '.join(others)}", *shares(others.values())),
        *((f"in Latin letters: {name}", *shares([share])) for name, share in languages.items()),
        (f"English, of {len(measured['english'])} sets", *shares(measured["english"].values())),
    ]
    return table(("headlines", "number", "unfamiliar"), rows)


def shares(parts: Iterable[Results]) -> tuple[str, str]:
    """Return the number of headlines, and the share of them that is unfamiliar."""
    counts = [(part["headlines"], part["unfamiliar"]) for part in parts]
    headlines, marked = (sum(column) for column in zip(*counts, strict=True))
    return f"{headlines:,}", f"{marked / headlines:.1%}"


def card_metrics() -> str:
    """Return the model card's metrics in the hub's YAML."""
    views = results("quality/ag_news/report")["views"]
    return "\n".join(
        f"          - {{type: {metric}, name: {name} ({title}), value: {views[view]['metrics'][key]:.4f}}}"
        for view, title in VIEWS.items()
        for metric, name, key in (("accuracy", "Accuracy", "accuracy"), ("f1", "Macro F1", "macro_f1"))
    )


def quantisation() -> str:
    """Return four ways to quantise by their agreement with torch and their speed."""
    rows = []
    for name, views in results("speed/quantisation")["variants"].items():
        unlike = [f"{1 - views[view]['equal_labels']:.2%}" for view in VIEWS]
        difference = [f"{views[view]['mean_difference']:.3f}" for view in VIEWS]
        rows.append((name, *unlike, *difference, *(f"{views[view]['texts_per_s']:,.0f}" for view in VIEWS)))
    measures = ("labels unlike torch's", "mean difference of logits", "texts/s, one at a time")
    return table(("variant", *(f"{measure}: {title}" for measure in measures for title in ("titles", "full"))), rows)


def other_cpus() -> str:
    """Return the agreement of other CPUs with the one that baked the checkpoint."""
    haswell, arm = results("speed/avx2"), results("image/image_arm64")
    rows = [
        ("Haswell (AVX2, no VNNI), emulated", haswell, haswell["texts"], haswell["largest_difference"]),
        ("Neoverse N1 (arm64), emulated", arm["model"] | arm, arm["headlines"], arm["largest_score_difference"]),
    ]
    ours = read_checkpoint(Settings().model_dir).revision
    cells = [
        (
            cpu,
            "this one" if measured["revision"] == ours else f"`{measured['revision']}`",
            number,
            f"{measured['equal_labels']:.1%}",
            f"{difference:.4f}",
        )
        for cpu, measured, number, difference in rows
    ]
    return table(("CPU", "checkpoint", "headlines", "same labels", "largest difference"), cells)


def image_sizes() -> str:
    """Return the images' sizes."""
    rows = []
    for name in ("onnx", "arm64", "pipeline"):
        image = results(f"image/image_{name}")
        title = f"`{image['engine']}`, {image['architecture']}"
        sizes = [f"{image[key] / 1e6:,.0f} MB" for key in ("added_bytes", "compressed_bytes")]
        rows.append((title, *sizes, image["python"], f"[image_{name}.json](../results/image/image_{name}.json)"))
    head = ("image", "above its base, uncompressed", "whole image as pushed, compressed", "Python", "measured in")
    return table(head, rows)


def revision() -> str:
    """Return the embedded checkpoint's revision."""
    return f"`{read_checkpoint(Settings().model_dir).revision}`"


def checkpoint_files() -> str:
    """Return what model_cache/ holds."""
    sizes = read_checkpoint(Settings().model_dir).files
    rows = [(f"`{name}`", f"{sizes[name]['bytes'] / 1e6:,.1f} MB", use) for name, use in CHECKPOINT_FILES.items()]
    return table(("file", "size", "use"), rows)
