"""`agnews evaluate`: from its arguments to its report."""

import argparse
import sys
from pathlib import Path

from agnews.cli.console import say, utf8_output
from agnews.cli.engine import settings_of
from agnews.cli.evaluation import files
from agnews.cli.evaluation.labelled import Columns, Example, file_read, read_examples
from agnews.cli.evaluation.measure import Report, Task, compare, labels_of, measured_views, views_of
from agnews.cli.evaluation.text import report_text
from agnews.cli.info import facts
from agnews.errors import InputError
from agnews.model.checkpoint import MANIFEST
from agnews.model.classifier import load
from agnews.settings import ENGINES, Settings


def evaluate(arguments: argparse.Namespace) -> int:
    """0, after printing the report and writing its folder."""
    utf8_output().write(report_written(arguments, settings_of(arguments)))
    return 0


def report_written(arguments: argparse.Namespace, settings: Settings) -> str:
    """The report as text, after writing its folder."""
    reference = reference_of(arguments.compare, settings)
    columns = Columns(arguments.label_column, arguments.by)
    if len({path.resolve() for path in arguments.files}) < len(arguments.files):
        raise InputError("a file is named twice; its rows would count twice")
    examples = {path: read_examples(path, columns, settings) for path in arguments.files}
    files.make_folder(arguments.report, inputs=list(examples))
    report = report_of(examples, arguments, settings, reference)
    files.write(report, arguments.report)
    plots = "" if files.can_draw() else ", without plots, which need pip install -e '.[evaluate]'"
    say(f"the report is in {arguments.report / files.PAGE}{plots}")
    return report_text(report)


def reference_of(name: str | None, settings: Settings) -> Settings | None:
    """The settings of what to compare with: another engine, or another checkpoint's folder.

    Raises:
        InputError: `name` is neither, or nothing else than what is evaluated.
    """
    if name is None:
        return None
    for engine in ENGINES:
        if name == engine == settings.engine:
            raise InputError(f"--compare {name} is the engine that is evaluated; name the other one")
        if name == engine:
            return settings._replace(engine=engine)
    if not (Path(name) / MANIFEST).exists():
        raise InputError(f"--compare {name}: expected {' or '.join(ENGINES)}, or a baked folder with {MANIFEST}")
    return settings._replace(model_dir=Path(name))


def report_of(
    examples: dict[Path, list[Example]], arguments: argparse.Namespace, settings: Settings, other: Settings | None
) -> Report:
    """The engine, and the one to compare with, on every view of all the files' examples."""
    every = [example for found in examples.values() for example in found]
    labels_of(every)  # refused before anything is loaded
    task = Task(every, views_of(every, arguments.view), not arguments.no_texts, bars=sys.stderr.isatty())
    classifier = load(settings)
    # Loaded before the first text is computed: a missing package is told at once.
    reference = load(other) if other else None
    found = measured_views(classifier, task)
    held = measured_views(reference, task) if reference else {}
    return {
        "files": [file_read(path, rows) for path, rows in examples.items()],
        "views": {view: measured for view, (measured, _) in found.items()},
        "compared": {view: compare(*found[view], *held[view]) for view in held},
        "installation": facts(settings),
    }
