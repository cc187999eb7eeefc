"""Answers as CSV, JSON Lines or a plain table, one chunk of rows at a time."""

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TextIO

from agnews.api.answer import Answer
from agnews.api.options import Options
from agnews.cli.files.rows import InputRow

Format = Literal["table", "csv", "jsonl"]

MAX_CHARS_SHOWN = 120
"""Characters of a headline that a table shows."""
TOPIC_WIDTHS = (8, 24)
"""The narrowest and the widest column of topics in a table, in characters. Longer topics are not cut."""
_CONTROL_CHARACTERS = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029), " ")


@dataclass(frozen=True)
class AnsweredRow:
    """An input row, the text that was read from it (None if there was none), and the answer."""

    row: InputRow
    text: str | None
    answer: Answer


class Contents(NamedTuple):
    """What a file or a table of answers has columns for."""

    header: Sequence[str]
    """The input's columns; empty if it has none."""
    options: Options
    labels: Sequence[str]
    """The checkpoint's."""


Write = Callable[[Sequence[AnsweredRow]], None]


class LineFeeds:
    """A stream for csv.writer, whose rows it ends with LF.

    csv.writer itself ends them with CRLF: before Python 3.11.9 and 3.12.3 it quotes a field with a CR only then, and no
    reader takes an unquoted CR for a part of a field.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, row: str) -> int:
        """Write a row that ends with CRLF."""
        return self._stream.write(row.removesuffix("\r\n") + "\n")


def csv_writer(stream: TextIO, contents: Contents) -> Write:
    """Write the header now, and return what writes the rows: the input's columns (or line, id and text) and ours."""
    header, options, labels = contents
    answer_columns = ["label", "score", "truncated", "unfamiliar"] + ["abstained"] * (options.min_score > 0)
    answer_columns += [f"score_{label}" for label in labels if options.top_k > 1]
    answer_columns += ["explanation"] * options.explain + ["error"]
    input_columns = list(header) or ["line", "id", "text"]
    write_cells = csv.writer(LineFeeds(stream)).writerow
    write_cells(input_columns + [unused_name(name, input_columns) for name in answer_columns])

    def write(rows: Sequence[AnsweredRow]) -> None:
        for answered in rows:
            input_cells = (
                answered.row.cells if header else (answered.row.line, answered.answer.get("id"), answered.text)
            )
            answer_cells = csv_cells(answered.answer)
            write_cells([*input_cells, *(answer_cells.get(name, "") for name in answer_columns)])

    return write


def unused_name(name: str, taken: Sequence[str]) -> str:
    """Return `name`, prefixed with `agnews_` until it is not among `taken`."""
    while name in taken:
        name = f"agnews_{name}"
    return name


def csv_cells(answer: Answer) -> dict[str, str]:
    """Return an answer's cells by column; columns without a value are absent."""
    error = answer.get("error")
    if error is not None:
        return {"error": f"{error['type']}: {error['message']}"}
    cells = {"label": answer["label"] or "", "score": f"{answer['score']:.4f}"}
    cells |= {key: str(bool(answer.get(key))).lower() for key in ("truncated", "unfamiliar", "abstained")}
    cells["explanation"] = explanation(answer)
    return cells | {f"score_{label}": f"{score:.4f}" for label, score in answer.get("scores", {}).items()}


def jsonl_writer(stream: TextIO, _: Contents) -> Write:
    """Return what writes one object per row: its line, text and answer."""

    def write(rows: Sequence[AnsweredRow]) -> None:
        for answered in rows:
            text = {} if answered.text is None else {"text": answered.text}
            line = {"line": answered.row.line, **text, **answered.answer}
            stream.write(json.dumps(line, ensure_ascii=False) + "\n")

    return write


def table_writer(stream: TextIO, contents: Contents) -> Write:
    """Write the table's header now, and return what writes the rows: topic, score, headline, and notes in brackets."""
    width = topic_width(contents.labels)
    stream.write(f"{'TOPIC':<{width}}  SCORE   HEADLINE\n")

    def write(rows: Sequence[AnsweredRow]) -> None:
        for answered in rows:
            answer = answered.answer
            topic, score = topic_and_score(answer)
            notes = "".join(
                f"  [{note}]" for note in (*ranking(answer), *notes_on(answer), explanation(answer)) if note
            )
            stream.write(f"{topic:<{width}}  {score:<6}  {shortened(answered.text or '')}{notes}".rstrip() + "\n")

    return write


WRITERS: dict[Format, Callable[[TextIO, Contents], Write]] = {
    "table": table_writer,
    "csv": csv_writer,
    "jsonl": jsonl_writer,
}


def topic_width(labels: Sequence[str]) -> int:
    """Return the width of a column with these labels, in characters."""
    least, most = TOPIC_WIDTHS
    return max(least, min(most, max(map(len, labels))))


def topic_and_score(answer: Answer) -> tuple[str, str]:
    """Return the first two columns of a table."""
    if "error" in answer:
        return "error", "-"
    return answer["label"] or "-", f"{answer['score']:.4f}"


def notes_on(answer: Answer) -> list[str]:
    """Return the error, or what makes the topic less certain and that it was withheld; empty for an ordinary answer."""
    error = answer.get("error")
    if error is not None:
        return [f"{error['type']}: {error['message']}"]
    return [name for name in ("truncated", "unfamiliar", "abstained") if answer.get(name)]


def ranking(answer: Answer) -> list[str]:
    """Return the scores of the best topics as one text; empty if they were not asked for."""
    scores = answer.get("scores", {})
    return [", ".join(f"{label} {score:.4f}" for label, score in scores.items())] if scores else []


def explanation(answer: Answer) -> str:
    """Return each word with its contribution, the largest first; empty if it was not asked for."""
    words = sorted(answer.get("explanation") or (), key=lambda word: -abs(word["contribution"]))
    return " ".join(f"{word['word']} {word['contribution']:+.4f}" for word in words)


def shortened(text: str) -> str:
    """Return the text cut to one table line, without control characters, which could change the terminal."""
    line = " ".join(text[: 4 * MAX_CHARS_SHOWN].translate(_CONTROL_CHARACTERS).split())
    return line if len(line) <= MAX_CHARS_SHOWN else line[: MAX_CHARS_SHOWN - 1] + "…"
