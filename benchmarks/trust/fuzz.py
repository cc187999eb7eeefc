"""Any event, header, record, file or manifest gets an answer or a documented error.

Hypothesis draws values; each is put into many places, because drawing takes longer than answering.
"""

import contextlib
import io
import itertools
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from agnews.api.columns import ColumnNames
from agnews.api.values import Json
from agnews.cli.files.forms import SUFFIXES, form_of_name
from agnews.cli.files.sources import AS_IT_IS, Opened, source_of
from agnews.errors import AgNewsError, InputError, ModelError
from agnews.function.events.dispatch import answer
from agnews.model.checkpoint import MANIFEST, read_checkpoint
from agnews.model.classifier import Classifier, load
from agnews.model.engines import Engine
from agnews.settings import Settings
from benchmarks.trust import strategies
from benchmarks.trust.ledger import Outcome, Part
from benchmarks.trust.strategies import BODIES, FILES, HEADERS, HTTP, JSON, KEYS, PAYLOADS, RECORDS, TEXTS, replaced

SETTINGS = Settings(
    workers=1, results_queue_url="https://sqs.eu-central-1.amazonaws.com/123456789012/topics", cors_origins=("*",)
)
PLACES = [(event, list(strategies.paths(event))) for event in PAYLOADS.values()]
ROUTES = ("/", "/classify", "/health", "/openapi.json", "/nowhere")
MANIFEST_NOW = json.loads((SETTINGS.model_dir / MANIFEST).read_text(encoding="utf-8"))
MANIFEST_PLACES = [(), *strategies.paths(MANIFEST_NOW)]
REMEMBERED = 50_000


class AcceptingQueue:
    """An SQS client that accepts every message that botocore could send."""

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: ARG002, N803
        """Return what SQS does if it accepts all."""
        for entry in Entries:
            entry["MessageBody"].encode()
        return {"Successful": Entries}


class RememberingEngine:
    """The real engine, which computes equal token ids once: this part is about what comes before and after it."""

    def __init__(self, engine: Engine) -> None:
        self.name, self.max_tokens, self.pads, self.threads = engine.name, engine.max_tokens, engine.pads, 1
        self._engine = engine
        self._known: dict[tuple[int, ...], NDArray[np.float32]] = {}

    def logits(self, ids: Sequence[list[int]], _alone: bool, /) -> NDArray[np.float32]:
        """Return logits, float32 [len(ids), labels]."""
        if len(self._known) > REMEMBERED:
            self._known.clear()
        for row in map(tuple, ids):
            if row not in self._known:
                self._known[row] = self._engine.logits([list(row)], False)[0]
        return np.stack([self._known[tuple(row)] for row in ids])


def check_answer(event: Json, classifier: Classifier, settings: Settings = SETTINGS) -> None:
    """Answer the event and check that what the runtime client gets can be sent. Raises what is not documented."""
    try:
        reply: Any = answer(event, classifier, settings)
    except AgNewsError as error:
        str(error).encode()
        return
    json.dumps(reply, ensure_ascii=False, allow_nan=False).encode()
    if isinstance(reply, dict) and reply.get("statusCode", 200) >= 500:
        raise AssertionError(f"status {reply['statusCode']}: {reply['body']}")


def check_file(file: tuple[str, bytes]) -> None:
    """Read a file's rows. Raises what is not an InputError."""
    name, content = file
    stream = io.BufferedReader(io.BytesIO(content))
    opened = Opened(name, stream, form_of_name(Path(name)), len(content))  # type: ignore[arg-type]  # as good as a file
    try:
        for row in source_of(opened, ColumnNames(), AS_IT_IS).rows:
            str(row.error).encode(errors="surrogatepass")
    except InputError as error:
        str(error).encode(errors="surrogatepass")


def check_manifest(manifest: str, folder: Path) -> None:
    """Read a manifest. Raises what is not a ModelError with its path, in one line."""
    (folder / MANIFEST).write_text(manifest, encoding="utf-8", errors="surrogatepass")
    try:
        read_checkpoint(folder)
    except ModelError as error:
        if str(folder / MANIFEST) not in str(error) or len(str(error).splitlines()) > 1:
            raise


def events_with(values: Sequence[Json]) -> Iterator[Json]:
    """Yield the values, and each of AWS's events with one of them in one or two places."""
    yield from values
    for number, (event, places) in enumerate(PLACES):
        if not places:
            continue
        place = places[(len(repr(values)) + 7 * number) % len(places)]
        damaged = replaced(event, place, values[0])
        yield damaged
        again = list(strategies.paths(damaged)) or [()]
        yield replaced(damaged, again[len(repr(values[-1])) % len(again)], values[-1])


def requests_with(parts: tuple[Any, Any, Any]) -> Iterator[Json]:
    """Yield requests of the four services with these headers, parameters and body, to each route."""
    for name, route, is_base64 in itertools.product(HTTP, ROUTES, (False, True)):
        event = strategies.http_event(name, *parts, is_base64)
        yield event | {"rawPath" if "rawPath" in event else "path": route}


def records_with(bodies: Sequence[str]) -> Iterator[Json]:
    """Yield records of each service with these bodies, alone and behind others."""
    for (name, place), body in itertools.product(RECORDS, bodies):
        event = replaced(PAYLOADS[name], place, body)
        yield event
        if isinstance(event, dict):
            yield event | {"Records": [*PAYLOADS[name]["Records"], *event["Records"]]}


def files_with(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the content under each name that a file with headlines can have."""
    for suffix in (*SUFFIXES, ".txt.gz"):
        yield f"headlines{suffix}", content
        yield f"headlines{suffix}", b"text,id\n" + content


def manifests_with(value: Json) -> Iterator[str]:
    """Yield the embedded checkpoint's manifest with a value in each place, also cut off."""
    for place in MANIFEST_PLACES:
        text = json.dumps(replaced(MANIFEST_NOW, place, value))
        yield text
        yield text[: len(text) // 2]


def tried(
    strategy: st.SearchStrategy[Any],
    spread: Callable[[Any], Iterable[Any]],
    check: Callable[[Any], None],
    number: int,
    inputs: int,
) -> Outcome:
    """Draw values until `inputs` inputs were made of them, and check each. `number` is the seed."""
    count = 0
    failures: list[str] = []

    @seed(number)
    @settings(
        max_examples=max(1, inputs),
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(value: Any) -> None:
        nonlocal count
        if count >= inputs:
            raise Enough
        for drawn in itertools.islice(spread(value), inputs - count):
            count += 1
            try:
                check(drawn)
            except Exception as error:  # whatever it is, it is a failure
                failures.append(f"{type(error).__name__}: {error} for {drawn!r}")

    with contextlib.suppress(Enough):
        draw()
    return Outcome(count, failures=tuple(failures))


class Enough(BaseException):
    """Ends the drawing."""


def tried_events(
    strategy: st.SearchStrategy[Any], spread: Callable[[Any], Iterable[Json]], number: int, inputs: int
) -> Outcome:
    """Try events with an accepting queue behind the handler."""
    classifier = load(SETTINGS)
    classifier = Classifier(classifier.checkpoint, classifier._encoder, RememberingEngine(classifier.engine))
    with mock.patch("agnews.function.events.results.sqs_client", AcceptingQueue):
        return tried(strategy, spread, lambda event: check_answer(event, classifier), number, inputs)


def events(number: int, inputs: int) -> Outcome:
    """Try any JSON values, and AWS's events with such values in places."""
    return tried_events(st.lists(JSON, min_size=1, max_size=2), events_with, number, inputs)


def headers(number: int, inputs: int) -> Outcome:
    """Try HTTP requests."""
    parts = st.tuples(HEADERS, st.dictionaries(KEYS, TEXTS, max_size=3), BODIES)
    return tried_events(parts, requests_with, number, inputs)


def records(number: int, inputs: int) -> Outcome:
    """Try records of queues, topics and streams."""
    return tried_events(st.lists(BODIES, min_size=1, max_size=2), records_with, number, inputs)


def files(number: int, inputs: int) -> Outcome:
    """Try files with headlines."""
    return tried(FILES, files_with, check_file, number, inputs)


def manifests(number: int, inputs: int) -> Outcome:
    """Try manifests."""
    with tempfile.TemporaryDirectory() as folder:
        return tried(JSON, manifests_with, lambda text: check_manifest(text, Path(folder)), number, inputs)


PARTS = (
    Part("events", "events", 1_200_000, 20_000, events),
    Part("headers", "HTTP requests with any headers, parameters and bodies", 400_000, 20_000, headers),
    Part("records", "records of queues, topics and streams", 250_000, 20_000, records),
    Part("files", "files with headlines", 100_000, 10_000, files),
    Part("manifests", "manifests of checkpoints", 100_000, 10_000, manifests),
)
