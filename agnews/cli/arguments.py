"""The arguments and help texts of the `agnews` command. Nothing here imports numpy or an engine."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from agnews import __version__
from agnews.cli.files.forms import FORMS
from agnews.cli.parser import Parser
from agnews.labels import LABELS
from agnews.settings import ENGINES, Settings

EPILOG = """\
exit status:
  0    every row was answered
  1    some rows could not be answered; the others were
  2    the command could not run: an argument, file, setting, checkpoint or disk
  130  interrupted with Ctrl-C
  141  the reader of the output closed it

Settings are environment variables such as AGNEWS_ENGINE; docs/operations.md lists them.
"""
CLASSIFY = """\
examples:
  agnews classify "Oil prices climb as OPEC trims output"
  agnews classify headlines.csv --column title --output topics.csv
  head -n 5 headlines.txt | agnews classify --format jsonl --top-k 2

Files: .txt has one headline per line; .csv and .tsv have a header; .jsonl and .ndjson have one string or object per
line, .json an array of them; .gz and .zst are any of these, compressed. .xlsx and .ods need the package
python-calamine, .parquet needs pyarrow. The content of standard input shows its form: CSV, JSON or one headline per
line. A row that cannot be answered is reported on stderr with its line number, and its message is in the output's
error column. CSV output repeats the input's cells unchanged; one that begins with = + - or @ is a formula to a
spreadsheet, so open files from strangers there as text.
"""
SERVE = """\
example:
  agnews serve &
  curl -d '{"text": "Oil prices climb"}' http://127.0.0.1:9000/2015-03-31/functions/function/invocations
"""
INFO = "example:\n  agnews info --json"
EVALUATE = f"""\
examples:
  agnews evaluate ag_news/test.csv
  agnews evaluate mine.csv --view title --compare pipeline --report mine/
  agnews evaluate mine.tsv --labels tech={LABELS[3]},money={LABELS[2]} --out-of-scope health travel

The files may have the forms that agnews classify reads, except plain text: CSV, JSON, Excel or Parquet. They have a
label column, a headline, title or text column, and optionally a description column; CSV files may also be in AG News'
own format (no header; class 1-4, title, description). A label is a topic's name, one of the checkpoint's labels; or its
number, from 1, or from 0 in a file with a 0 and without the highest number, as on the Hugging Face Hub; or it begins
with out: for a text about none of the topics, which does not count for the accuracy. The report says how often such
texts get a high score.
"""
BULK = """\
examples:
  agnews bulk s3://bucket/headlines.csv s3://bucket/topics/ --column title --id-column id
  agnews bulk --follow arn:aws:states:us-east-1:123456789012:execution:agnews-bulk:…

Deploy the template with Bulk=yes to create the state machine. The input is a .csv file with a header, or a .jsonl file
with one string or object per line. Results are JSON Lines in the order in which batches finish, so pass an id column
to join them to the input. The addresses of the result files are printed to stdout.
Needs boto3: pip install boto3.
"""
COMPLETION = """\
examples:
  agnews completion bash > ~/.local/share/bash-completion/completions/agnews
  agnews completion zsh > ~/.zfunc/_agnews       (a folder in fpath)
  agnews completion fish > ~/.config/fish/completions/agnews.fish
"""
SHELLS = ("bash", "zsh", "fish")
ENCODING_HELP = "of the text in the file, such as cp1252 (default: UTF-8, or UTF-16 or UTF-32 if it is)"
FORMATS = ("table", "csv", "jsonl")


def build_parser() -> Parser:
    """Return the parser of the whole command line."""
    about = f"Classify news headlines by topic: {', '.join(LABELS)}, or the labels of a checkpoint of your own."
    layout = argparse.RawDescriptionHelpFormatter
    parser = Parser(prog="agnews", description=about, epilog=EPILOG, formatter_class=layout)
    parser.add_argument("--version", action="version", version=f"agnews {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, summary, epilog, add_arguments in (
        ("classify", "classify headlines from arguments, a file or stdin", CLASSIFY, add_classify),
        ("serve", "run the function on this machine, behind HTTP and Lambda's Invoke API", SERVE, add_serve),
        ("info", "show the checkpoint, engine and versions in use", INFO, add_info),
        ("evaluate", "measure accuracy on labelled files", EVALUATE, add_evaluate),
        ("bulk", "classify whole files in S3 with the deployed state machine", BULK, add_bulk),
        ("completion", "print a script that completes commands and options", COMPLETION, add_completion),
    ):
        title = f"{summary[0].upper()}{summary[1:]}."
        command = commands.add_parser(name, help=summary, description=title, epilog=epilog, formatter_class=layout)
        add_arguments(command)
        command.set_defaults(parser=command)
    return parser


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """Return the arguments; without a command, print the help. Raises SystemExit for --help and wrong arguments."""
    parser = build_parser()
    arguments, unknown = parser.parse_known_args(argv)
    if unknown:
        getattr(arguments, "parser", parser).refuse(unknown)  # by the command, which knows its options
    if arguments.command is None:
        parser.print_help()
    return arguments


def add_classify(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `agnews classify`."""
    command.add_argument("texts", nargs="*", metavar="HEADLINE|FILE", help="headlines, or one file (default: stdin)")
    command.add_argument("--file", type=Path, help="read a file; - is stdin")
    command.add_argument("--input-format", choices=FORMS, help="form of the file or of stdin (default: what it shows)")
    command.add_argument("--encoding", help=ENCODING_HELP)
    _add_columns(command)
    command.add_argument("--output", type=Path, help="write a .csv or .jsonl file; it is complete or absent")
    command.add_argument("--format", choices=FORMATS, help="format of stdout (default: table)")
    _add_options(command)
    command.add_argument("--explain", action="store_true", help="add what each word contributes to the score")
    _add_engine(command)


def add_serve(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `agnews serve`."""
    command.add_argument("--host", default="127.0.0.1", help="default: %(default)s, this machine only")
    command.add_argument("--port", type=int, default=9000, help="default: %(default)s; 0 chooses a free one")
    command.add_argument(
        "--timeout", type=timeout_s, default=60, metavar="SECONDS", help="the function's timeout (default: 60)"
    )


def timeout_s(text: str) -> float:
    """Return a timeout that Lambda allows, in seconds. Raises ArgumentTypeError for any other."""
    seconds = float(text)
    if not 1 <= seconds <= 900:
        raise argparse.ArgumentTypeError("Lambda's timeouts are 1 to 900 seconds")
    return seconds


def add_info(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `agnews info`."""
    command.add_argument("--json", action="store_true", help="print JSON")


def add_evaluate(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `agnews evaluate`."""
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="labelled file; several are one set")
    command.add_argument(
        "--view",
        choices=("both", "title", "full"),
        default="both",
        help="classify titles, titles with descriptions (full), or both (default: %(default)s)",
    )
    command.add_argument("--encoding", help=ENCODING_HELP)
    command.add_argument("--column", help="column of the text (default: headline, title or text)")
    command.add_argument("--label-column", metavar="COLUMN", help="default: label, class, class index, topic, category")
    command.add_argument(
        "--labels", metavar="LABEL=TOPIC,…", help="which topic other labels mean; out:NAME is none of the topics"
    )
    command.add_argument(
        "--out-of-scope",
        nargs="+",
        action="extend",
        default=[],
        metavar="LABEL",
        help="labels of texts about none of the topics, besides those that begin with out:",
    )
    command.add_argument("--by", metavar="COLUMN", help="also report the accuracy for each value of this column")
    command.add_argument(
        "--compare", metavar="ENGINE|FOLDER", help="compare with this engine, or a baked checkpoint, on the same texts"
    )
    command.add_argument(
        "--report",
        type=Path,
        metavar="FOLDER",
        default=Path("agnews-report"),
        help="folder for report.json, index.html and the plots (default: ./%(default)s)",
    )
    command.add_argument("--no-texts", action="store_true", help="list mistakes by file and line only")
    _add_engine(command)


def add_bulk(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `agnews bulk`."""
    command.add_argument("input", nargs="?", metavar="s3://BUCKET/FILE", help="a .csv or .jsonl file")
    command.add_argument("output", nargs="?", metavar="s3://BUCKET/FOLDER/", help="results go into a new folder in it")
    command.add_argument(
        "--state-machine", metavar="ARN|NAME", help="default: AGNEWS_BULK, or the Bulk output of the stack agnews"
    )
    _add_columns(command)
    _add_options(command)
    command.add_argument("--no-wait", action="store_true", help="start the run and return")
    command.add_argument("--follow", metavar="EXECUTION", help="follow a run that was started earlier")


def add_completion(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `agnews completion`."""
    command.add_argument("shell", choices=SHELLS, help="%(choices)s")


def _add_columns(command: argparse.ArgumentParser) -> None:
    command.add_argument("--column", help="column or key of the text (default: headline, title or text)")
    command.add_argument(
        "--description-column", metavar="COLUMN", help="appended to the text (default: description, if there is one)"
    )
    command.add_argument("--id-column", metavar="COLUMN", help="copied to the output (default: id, if there is one)")


def _add_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("--top-k", type=int, metavar="N", help="report the scores of the N best topics (1 to all)")
    command.add_argument("--min-score", type=float, metavar="X", help="report no topic below this score (0-1)")


def _add_engine(command: argparse.ArgumentParser) -> None:
    command.add_argument("--engine", choices=ENGINES, help="default: AGNEWS_ENGINE, or onnx")


def settings_from(arguments: argparse.Namespace) -> Settings:
    """Return the environment's settings, with the engine from the command line if one is given."""
    settings = Settings.from_environment()
    return settings._replace(engine=arguments.engine) if arguments.engine else settings
