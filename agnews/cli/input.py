"""What `agnews classify` reads: its arguments, a file or standard input, and that it does not write over it."""

import argparse
import json
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from agnews.api.columns import ColumnNames
from agnews.cli.console import say
from agnews.cli.files.forms import COMPRESSED, SUFFIXES, TABLE_SUFFIXES
from agnews.cli.files.rows import InputRow, Source
from agnews.cli.files.sources import Reading, open_source, open_standard_input
from agnews.errors import InputError

STDIN = Path("-")
_URL = re.compile(r"(s3|https?|gs|ftp):/(\S+)")
_DOWNLOADS = {"s3": "aws s3 cp {} -", "gs": "gcloud storage cat {}"}


def input_path(file: Path | None, texts: list[str]) -> Path | None:
    """Return the path of --file or of a lone argument that is a file; None for headlines and standard input.

    Raises:
        InputError: both are given, or an argument is a URL, one of several files, or a file that does not exist.
    """
    if file is not None and texts:
        raise InputError("give headlines as arguments or with --file, not both")
    for name in (str(file), *texts):
        refuse_url(name)
        if is_json(name):
            raise InputError(f"{name[:40]} is JSON, not a headline; pipe it: echo 'JSON' | agnews classify")
    if file is not None or not texts:
        return file
    if texts == ["-"]:
        return STDIN
    files = [text for text in texts if is_file(text)]
    if len(texts) == 1:
        named = not set(texts[0]).intersection(" \t\n") and has_known_suffix(Path(texts[0]))
        return Path(texts[0]) if files or named else None
    named_files = [text for text in files if has_known_suffix(Path(text))]
    if named_files:
        raise InputError(f"{named_files[0]} is a file; classify one file at a time: agnews classify {named_files[0]}")
    return None


def refuse_url(name: str) -> None:
    """Raise InputError, with the commands that help, if `name` is the address of a file elsewhere."""
    match = _URL.fullmatch(name)
    if match is None:
        return
    scheme, rest = match[1], match[2].lstrip("/")
    url = f"{scheme}://{rest}"
    download = _DOWNLOADS.get(scheme, "curl -sSfL {}").format(url)
    bulk = f"; or run it in AWS: agnews bulk {url} s3://BUCKET/FOLDER/" if scheme == "s3" else ""
    raise InputError(f"{url} is not on this machine; pipe it: {download} | agnews classify{bulk}")


def is_json(text: str) -> bool:
    """Return whether a text is a JSON object or array."""
    try:
        return text.lstrip().startswith(("{", "[")) and isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def is_file(text: str) -> bool:
    """Return whether a text is the path of a file or a pipe."""
    with suppress(OSError, ValueError):  # a headline can be too long for a path
        return Path(text).exists() and not Path(text).is_dir()
    return False


def has_known_suffix(path: Path) -> bool:
    """Return whether a path ends in the suffix of a form that can be read."""
    return path.suffix.lower() in (*SUFFIXES, *TABLE_SUFFIXES, *COMPRESSED)


@contextmanager
def open_input(arguments: argparse.Namespace, path: Path | None) -> Iterator[Source]:
    """Yield the rows of the file at `path`, of the headlines given as arguments, or of standard input."""
    names = ColumnNames(arguments.column, arguments.description_column, arguments.id_column)
    reading = Reading(arguments.input_format, arguments.encoding)
    if path is None and arguments.texts:
        if names != ColumnNames() or reading != Reading():
            raise InputError("--column and the other options about columns and files need a file")
        yield Source("headline", (InputRow(number, text) for number, text in enumerate(arguments.texts, 1)))
    elif path is None or path == STDIN:
        if sys.stdin is not None and sys.stdin.isatty():
            say("type one headline per line, and Ctrl-D to end")
        with open_standard_input(names, reading) as source:
            yield source
    else:
        with open_source(path, names, reading) as source:
            yield source


def check_output(path: Path | None, texts: list[str], output: Path | None) -> None:
    """Raise InputError if the output, which is stdout without `output`, is the file that is read."""
    if path is None and texts:
        return
    from_stdin = path is None or path == STDIN
    read = stream_status(sys.stdin) if from_stdin else path_status(path)
    written = path_status(output) if output else stream_status(sys.stdout)
    if read and written and stat.S_ISREG(read.st_mode) and os.path.samestat(read, written):
        name = "--output" if output else "stdout"
        raise InputError(f"{name} is the input, {'standard input' if from_stdin else path}; name another file")


def path_status(path: Path | None) -> os.stat_result | None:
    """Return the status of the file at `path`, or None if there is none."""
    with suppress(OSError):
        return path.stat() if path else None
    return None


def stream_status(stream: TextIO | None) -> os.stat_result | None:
    """Return the status of what a standard stream leads to, or None if it is closed."""
    with suppress(OSError, ValueError):
        return os.fstat(stream.fileno()) if stream else None
    return None
