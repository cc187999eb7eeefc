"""The `agnews` command: arguments in, exit code out. `agnews --help` imports nothing heavy."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from agnews import __version__
from agnews.cli.engine import add_engine
from agnews.errors import AgNewsError

EPILOG = """\
exit status: 0 everything answered, 1 some rows could not be (the others were), 2 the run could not be done (an
argument, file, setting, checkpoint or disk), 130 interrupted, 141 the reader of the output went away.
Settings are environment variables, AGNEWS_ENGINE and so on; README lists them.
"""
CLASSIFY = """\
examples:
  agnews classify "Oil prices climb as OPEC trims output"
  agnews classify --file headlines.csv --column title --output topics.csv
  head -n 5 headlines.txt | agnews classify --format jsonl --top-k 2

Files hold a headline a line (.txt, blank lines skipped), a header and rows (.csv, .tsv, both with CSV's quotes), or a
string or an object a line (.jsonl). Standard input is a headline a line. Rows that cannot be answered are told by line
on standard error and in the output's error column.
"""
SERVE = """\
example:
  agnews serve &
  curl -d '{"text": "Oil prices climb"}' http://127.0.0.1:9000/2015-03-31/functions/function/invocations
"""
INFO = "example:\n  agnews info --json"
EVALUATE = """\
examples:
  agnews evaluate ag_news/test.csv
  agnews evaluate mine.csv --view title --compare pipeline --report mine/

Files are AG News' own (no header: class 1-4, title, description), or CSV with a header, a label column (topics or
1-4) and a text, headline or title column, perhaps with a description.
"""
BULK = """\
examples:
  agnews bulk s3://bucket/headlines.csv s3://bucket/topics/ --column title --id-column id
  agnews bulk --follow arn:aws:states:us-east-1:123456789012:execution:agnews-bulk:…

The template deployed with Bulk=yes has the state machine. Files are .csv with a header, or .jsonl with a string or an
object a line. Results are JSON Lines in the order that batches end; give ids to join them. Their addresses come on
standard output. Needs boto3: pip install -e '.[aws]'.
"""
FORMATS = ("table", "csv", "jsonl")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    about = "News topics (World, Sports, Business, Sci/Tech) of headlines."
    raw = argparse.RawDescriptionHelpFormatter
    main_parser = argparse.ArgumentParser(prog="agnews", description=about, epilog=EPILOG, formatter_class=raw)
    main_parser.add_argument("--version", action="version", version=f"agnews {__version__}")
    commands = main_parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text, epilog, add in (
        ("classify", "headlines in, topics out", CLASSIFY, add_classify),
        ("serve", "run the handler behind a local Lambda Invoke API", SERVE, add_serve),
        ("info", "which checkpoint and engine answer", INFO, add_info),
        ("evaluate", "accuracy on labelled files", EVALUATE, add_evaluate),
        ("bulk", "whole files of S3 through the deployed state machine", BULK, add_bulk),
    ):
        sentence = f"{text[0].upper()}{text[1:]}."
        add(commands.add_parser(name, help=text, description=sentence, epilog=epilog, formatter_class=raw))
    return main_parser


def add_classify(command: argparse.ArgumentParser) -> None:
    """Adds the arguments of `agnews classify`."""
    command.add_argument("texts", nargs="*", metavar="HEADLINE", help="without any, and without --file: standard input")
    command.add_argument("--file", type=Path, help="read a .txt, .csv, .tsv or .jsonl file")
    command.add_argument("--column", help="column or key of the text (default: text, headline or title)")
    command.add_argument("--description-column", metavar="COLUMN", help="joined to the text (default: description)")
    command.add_argument("--id-column", metavar="COLUMN", help="handed on (default: id)")
    command.add_argument("--output", type=Path, help="write a .csv or .jsonl file, complete or not at all")
    command.add_argument("--format", choices=FORMATS, help="of standard output (default: table)")
    command.add_argument("--top-k", type=int, metavar="N", help="list the N best topics' scores (1-4)")
    command.add_argument("--min-score", type=float, metavar="X", help="answer no topic below this score (0-1)")
    add_engine(command)


def add_serve(command: argparse.ArgumentParser) -> None:
    """Adds the arguments of `agnews serve`."""
    command.add_argument("--host", default="127.0.0.1", help="default: %(default)s, this machine only")
    command.add_argument("--port", type=int, default=9000, help="default: %(default)s; 0 takes a free one")
    command.add_argument("--timeout", type=seconds, default=60, metavar="SECONDS", help="of the function; default: 60")


def seconds(text: str) -> float:
    """Lambda's range of timeouts. Raises ArgumentTypeError, which argparse tells."""
    value = float(text)
    if not 1 <= value <= 900:
        raise argparse.ArgumentTypeError("Lambda's timeouts are 1 to 900 seconds")
    return value


def add_info(command: argparse.ArgumentParser) -> None:
    """Adds the arguments of `agnews info`."""
    command.add_argument("--json", action="store_true", help="print JSON")


def add_evaluate(command: argparse.ArgumentParser) -> None:
    """Adds the arguments of `agnews evaluate`."""
    command.add_argument("files", nargs="+", type=Path, metavar="FILE", help="labelled CSV, read as one set")
    command.add_argument("--view", choices=("both", "title", "full"), default="both", help="default: %(default)s")
    command.add_argument("--label-column", metavar="COLUMN", help="default: label, class, class index, topic, category")
    command.add_argument("--by", metavar="COLUMN", help="tell the accuracy for each value of this column, too")
    told = "hold it against this engine, or this checkpoint's baked folder, on the same texts"
    command.add_argument("--compare", metavar="ENGINE|FOLDER", help=told)
    told = "where report.json, index.html and the plots go (default: %(default)s)"
    command.add_argument("--report", type=Path, metavar="FOLDER", default=Path("results/evaluation"), help=told)
    command.add_argument("--no-texts", action="store_true", help="list the mistakes by file and line alone")
    add_engine(command)


def add_bulk(command: argparse.ArgumentParser) -> None:
    """Adds the arguments of `agnews bulk`."""
    command.add_argument("input", nargs="?", metavar="s3://BUCKET/FILE", help="a .csv or .jsonl file")
    command.add_argument("output", nargs="?", metavar="s3://BUCKET/FOLDER/", help="where results go, in a new folder")
    told = "default: AGNEWS_BULK, or what the stack agnews says"
    command.add_argument("--state-machine", metavar="ARN|NAME", help=told)
    command.add_argument("--column", help="column or key of the text (default: text, headline or title)")
    command.add_argument("--description-column", metavar="COLUMN", help="joined to the text (default: description)")
    command.add_argument("--id-column", metavar="COLUMN", help="handed on (default: id)")
    command.add_argument("--top-k", type=int, metavar="N", help="list the N best topics' scores (1-4)")
    command.add_argument("--min-score", type=float, metavar="X", help="answer no topic below this score (0-1)")
    command.add_argument("--no-wait", action="store_true", help="start it and return")
    command.add_argument("--follow", metavar="EXECUTION", help="look at a run that was started before")


def command_of(name: str) -> Callable[[argparse.Namespace], int]:
    """What the command does, imported only now: numpy and onnxruntime take 0.2 s that --help does not pay."""
    match name:
        case "classify":
            from agnews.cli.classify import classify as command
        case "serve":
            from agnews.cli.serve import serve as command
        case "info":
            from agnews.cli.info import info as command
        case "evaluate":
            from agnews.cli.evaluation.command import evaluate as command
        case _:
            from agnews.cli.bulk.command import bulk as command
    return command


def main(argv: Sequence[str] | None = None) -> int:
    """The exit code, after the command ran. Raises SystemExit for --help, --version and arguments that are wrong."""
    arguments = parser().parse_args(argv)
    prepare()
    try:
        code = command_of(arguments.command)(arguments)
        sys.stdout.flush()
    except AgNewsError as error:
        sys.stderr.write(f"agnews: {error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("agnews: interrupted\n")
        return 130
    except BrokenPipeError:
        discard_output()
        return 141  # what a shell reports of a program that SIGPIPE ended
    except OSError as error:
        discard_output()
        sys.stderr.write(f"agnews: {error.filename or 'the output'}: {error.strerror}\n")
        return 2
    return code


def prepare() -> None:
    """Makes closed streams writable, and an end by signal one that leaves no half-written file."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115 (for as long as the process lives)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores one of them
            signal.signal(number, lambda number, _: sys.exit(128 + number))  # what a shell reports of such an end


def discard_output() -> None:
    """Sends what standard output still holds nowhere, so that the interpreter's last flush does not fail, too."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
