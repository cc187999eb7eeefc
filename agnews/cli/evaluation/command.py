"""The `agnews evaluate` command: read labelled files, measure, and write the report."""

import argparse
import sys
from pathlib import Path

from agnews.cli.arguments import settings_from
from agnews.cli.console import say, utf8_output
from agnews.cli.evaluation import report_folder
from agnews.cli.evaluation.examples import LabelColumns, LabelledFile, evaluated_file, read_files
from agnews.cli.evaluation.labels import named_labels
from agnews.cli.evaluation.measurement import Report, Task, by_scope, chosen_views, comparison, measure_views
from agnews.cli.evaluation.text_report import report_text
from agnews.cli.info import installation
from agnews.errors import InputError
from agnews.model.checkpoint import MANIFEST, read_checkpoint
from agnews.model.classifier import load
from agnews.settings import ENGINES, Settings


def evaluate(arguments: argparse.Namespace) -> int:
    """Run the command: write the report's folder and print the report. Returns 0, or 1 if rows were left out."""
    settings = settings_from(arguments)
    reference = reference_settings(arguments.compare, settings)
    topics = read_checkpoint(settings.model_dir).labels
    named = named_labels(arguments.labels, arguments.out_of_scope, topics)
    columns = LabelColumns(arguments.label_column, arguments.by, named, arguments.column, arguments.encoding, topics)
    if len({path.resolve() for path in arguments.files}) < len(arguments.files):
        raise InputError("a file is named twice; its rows would count twice")
    files = read_files(arguments.files, columns, settings)
    for path, file in files.items():
        for note in file.notes:
            say(f"{path}: {note}")
    report_folder.make_folder(arguments.report, inputs=list(files))
    report = make_report(files, arguments, settings, reference)
    report_folder.write_report(report, arguments.report)
    missing = "" if report_folder.can_plot() else ", without plots, which need pip install matplotlib"
    say(f"the report is in {arguments.report / report_folder.REPORT_PAGE}{missing}")
    utf8_output().write(report_text(report))
    return 1 if any(file.left_out for file in files.values()) else 0


def reference_settings(choice: str | None, settings: Settings) -> Settings | None:
    """Return the settings of the engine or the baked folder to compare with; None without a choice.

    Raises:
        InputError: the choice is neither, is the engine that is evaluated, or has other labels.
    """
    if choice is None:
        return None
    for engine in ENGINES:
        if choice == engine == settings.engine:
            raise InputError(f"--compare {choice} is the engine that is evaluated; name the other one")
        if choice == engine:
            return settings._replace(engine=engine)
    if not (Path(choice) / MANIFEST).exists():
        raise InputError(f"--compare {choice}: expected {' or '.join(ENGINES)}, or a baked folder with {MANIFEST}")
    if read_checkpoint(Path(choice)).labels != read_checkpoint(settings.model_dir).labels:
        raise InputError(f"--compare {choice} has other labels than {settings.model_dir}, or in another order")
    return settings._replace(model_dir=Path(choice))


def make_report(
    files: dict[Path, LabelledFile],
    arguments: argparse.Namespace,
    settings: Settings,
    reference: Settings | None,
) -> Report:
    """Measure the engine and, if there is one, the reference on every view of all files' examples."""
    in_scope, out_of_scope = by_scope([example for file in files.values() for example in file.examples])
    views = chosen_views(in_scope, arguments.view)
    task = Task(in_scope, out_of_scope, views, quote=not arguments.no_texts, bars=sys.stderr.isatty())
    classifier = load(settings)
    reference_classifier = load(reference) if reference else None  # before any text, so that it fails at once
    measured = measure_views(classifier, task)
    compared = measure_views(reference_classifier, task) if reference_classifier else {}
    return {
        "files": [evaluated_file(path, file) for path, file in files.items()],
        "views": {view: measurement for view, (measurement, _) in measured.items()},
        "compared": {view: comparison(*measured[view], *compared[view]) for view in compared},
        "installation": installation(settings),
    }
