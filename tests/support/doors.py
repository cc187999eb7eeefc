"""The doors that content comes in by. Each takes items or bytes, and gives the ids and texts that were classified."""

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import agnews
from agnews.api.columns import ColumnNames
from agnews.api.options import Options
from agnews.api.values import Json
from agnews.cli.classify import answer_rows
from agnews.cli.files.sources import open_source
from agnews.errors import InputError
from agnews.function.events.dispatch import answer
from agnews.function.events.records import Record, classify_records
from agnews.model.classifier import Classifier, Prediction
from agnews.settings import Settings
from tests.support.payloads import post_event

Door = Callable[[Sequence[Json], Classifier, Path], list[Any]]
"""Takes items and an empty folder, and returns one answer per item."""
SETTINGS = Settings()


@contextmanager
def recorded_texts() -> Iterator[list[str]]:
    """Record the texts that reach the model, in order."""
    texts: list[str] = []
    classify = Classifier.classify

    def recording(self: Classifier, given: Sequence[str], deadline: float = math.inf) -> list[Prediction | None]:
        texts.extend(given)
        return classify(self, given, deadline)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Classifier, "classify", recording)
        yield texts


def predictions_of(event: Json, classifier: Classifier) -> list[Any]:
    reply: Any = answer(event, classifier, SETTINGS)
    reply = json.loads(reply["body"]) if "body" in reply else reply
    predictions: list[Any] = reply["predictions"]
    return predictions


def python(items: Sequence[Json], classifier: Classifier, folder: Path) -> list[Any]:
    return list(agnews.classify(items))  # type: ignore[arg-type]  # among them what is no text


def direct(items: Sequence[Json], classifier: Classifier, folder: Path) -> list[Any]:
    return predictions_of([*items], classifier)


def batch(items: Sequence[Json], classifier: Classifier, folder: Path) -> list[Any]:
    return predictions_of({"Items": [*items]}, classifier)


def http_json(items: Sequence[Json], classifier: Classifier, folder: Path) -> list[Any]:
    return predictions_of(post_event(json.dumps({"texts": items})), classifier)


def http_lines(items: Sequence[Json], classifier: Classifier, folder: Path) -> list[Any]:
    lines = "".join(f"{item if isinstance(item, str) else json.dumps(item)}\n" for item in items)
    return predictions_of(post_event(lines, {"content-type": "text/plain"}), classifier)


def queue(items: Sequence[Json], classifier: Classifier, folder: Path) -> list[Any]:
    bodies = [item if isinstance(item, str) else json.dumps(item) for item in items]
    records = [Record(str(number), body) for number, body in enumerate(bodies)]
    return [result.answer for result in classify_records(records, classifier, SETTINGS, math.inf)]


def file_answers(path: Path, classifier: Classifier) -> list[Any]:
    with open_source(path, ColumnNames()) as source:
        answered = answer_rows(list(source.rows), source.names, classifier, SETTINGS, Options())
    return [row.answer for row in answered]


def json_lines(items: Sequence[Json], classifier: Classifier, folder: Path) -> list[Any]:
    path = folder / "items.jsonl"
    path.write_text("".join(f"{json.dumps(item)}\n" for item in items))
    return file_answers(path, classifier)


def csv_file(item: Mapping[str, str | None], classifier: Classifier, folder: Path) -> list[Any]:
    """Return the answer to the only row of a file, which is an error where the file is refused."""
    content = io.StringIO()
    csv.writer(content).writerows([item, item.values()])
    path = folder / "row.csv"
    path.write_text(content.getvalue())
    try:
        return file_answers(path, classifier)
    except InputError as error:
        return [{"error": error}]


def text_file(content: bytes, classifier: Classifier, folder: Path) -> list[Any]:
    (folder / "lines.txt").write_bytes(content)
    return file_answers(folder / "lines.txt", classifier)


def http_bytes(content: bytes, classifier: Classifier, folder: Path) -> list[Any]:
    return predictions_of(post_event(content, {"content-type": "text/plain"}), classifier)


def http_text(content: bytes, classifier: Classifier, folder: Path) -> list[Any]:
    return predictions_of(post_event(content.decode(), {"content-type": "text/plain"}), classifier)


ITEM_DOORS: tuple[Door, ...] = (python, direct, batch, http_json, http_lines, json_lines)
LINE_DOORS = (text_file, http_bytes, http_text)
