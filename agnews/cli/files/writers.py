"""Answers out: CSV, JSON lines or a plain table, a chunk at a time, and files that are complete or not there."""

import csv
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TextIO

from agnews.api.answer import Answer
from agnews.api.request import Options
from agnews.cli.files.rows import Row
from agnews.errors import InputError
from agnews.labels import LABELS

Format = Literal["table", "csv", "jsonl"]

TABLE_CHARS = 120
"""Characters of a headline that a table shows."""
_CONTROLS = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029), " ")


@dataclass(frozen=True)
class Outcome:
    """A row, the text that was read from it, and the answer."""

    row: Row
    text: str | None
    answer: Answer


Write = Callable[[Sequence[Outcome]], None]


def csv_writer(stream: TextIO, header: Sequence[str], options: Options) -> Write:
    """Writes the header now and then a row per outcome: the input's own columns, or line, id and text; and ours."""
    names = ["label", "score", "truncated"] + ["abstained"] * (options.min_score > 0)
    names += [f"score_{label}" for label in LABELS if options.top_k > 1] + ["error"]
    own = list(header) or ["line", "id", "text"]
    write = csv.writer(stream, lineterminator="\n").writerow
    write(own + [free_name(name, own) for name in names])

    def write_all(outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            cells = outcome.row.cells if header else (outcome.row.line, outcome.answer.get("id"), outcome.text)
            found = csv_cells(outcome.answer)
            write([*cells, *(found.get(name, "") for name in names)])

    return write_all


def free_name(name: str, taken: Sequence[str]) -> str:
    """`name`, with `agnews_` before it as often as it takes not to be one of `taken`."""
    while name in taken:
        name = f"agnews_{name}"
    return name


def csv_cells(answer: Answer) -> dict[str, str]:
    """An answer as cells by column; absent ones are empty."""
    error = answer.get("error")
    if error is not None:
        return {"error": f"{error['type']}: {error['message']}"}
    cells = {"label": answer["label"] or "", "score": f"{answer['score']:.4f}"}
    cells |= {key: str(bool(answer.get(key))).lower() for key in ("truncated", "abstained")}
    return cells | {f"score_{label}": f"{score:.4f}" for label, score in answer.get("scores", {}).items()}


def jsonl_writer(stream: TextIO, header: Sequence[str], options: Options) -> Write:  # noqa: ARG001
    """Writes an object per outcome: its line, its text and the answer."""

    def write_all(outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            text = {} if outcome.text is None else {"text": outcome.text}
            found = {"line": outcome.row.line, **text, **outcome.answer}
            stream.write(json.dumps(found, ensure_ascii=False) + "\n")

    return write_all


def table_writer(stream: TextIO, header: Sequence[str], options: Options) -> Write:  # noqa: ARG001
    """Writes a line per outcome: topic, score, headline, and marks in brackets."""
    stream.write("TOPIC     SCORE   HEADLINE\n")

    def write_all(outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            topic, score = topic_and_score(outcome.answer)
            marks = "".join(f"  [{mark}]" for mark in (*ranking(outcome.answer), *marks_of(outcome.answer)))
            stream.write(f"{topic:<8}  {score:<6}  {shortened(outcome.text or '')}{marks}".rstrip() + "\n")

    return write_all


WRITERS: dict[Format, Callable[[TextIO, Sequence[str], Options], Write]] = {
    "table": table_writer,
    "csv": csv_writer,
    "jsonl": jsonl_writer,
}


def topic_and_score(answer: Answer) -> tuple[str, str]:
    """What a table shows of an answer."""
    if "error" in answer:
        return "error", "-"
    return answer["label"] or "-", f"{answer['score']:.4f}"


def marks_of(answer: Answer) -> list[str]:
    """What is unusual about an answer."""
    error = answer.get("error")
    marks = [name for name in ("truncated", "abstained") if answer.get(name)]
    return marks if error is None else [f"{error['type']}: {error['message']}"]


def ranking(answer: Answer) -> list[str]:
    """The best labels' scores as one text, where they were asked for."""
    scores = answer.get("scores", {})
    return [", ".join(f"{label} {score:.4f}" for label, score in scores.items())] if scores else []


def shortened(text: str) -> str:
    """The text on one line, without control characters (a headline must not command the terminal), cut to fit."""
    line = " ".join(text[: 4 * TABLE_CHARS].translate(_CONTROLS).split())
    return line if len(line) <= TABLE_CHARS else line[: TABLE_CHARS - 1] + "…"


@contextmanager
def replacing(path: Path) -> Iterator[TextIO]:
    """A file that takes the name `path` when the block ends well, and is removed when it does not.

    Raises:
        InputError: there can be no such file.
    """
    target = path.resolve()
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    if target.is_dir():
        raise InputError(f"cannot write {path} (it is a directory)")
    try:
        # backslashreplace: a refused text may be a lone surrogate; in JSON the result is its escape.
        stream = part.open("x", encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise InputError(f"cannot write {path} ({error.strerror})") from error
    try:
        with stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
