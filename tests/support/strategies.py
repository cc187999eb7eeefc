"""Hypothesis strategies: JSON values, headers, records and whole events, of AWS's forms and damaged ones."""

import base64
import gzip
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

from agnews.api.request import Json
from tests.support.payloads import changed, read_payload
from tests.support.requirement import ROOT

ANY_CHARACTERS = st.characters(exclude_categories=())
"""Lone surrogates, too, which JSON can carry."""
WORDS = st.sampled_from(["Oil prices climb", "null", '{"text": "a"}', '{"txt"', "[1]", "\ud800", "\x00", "", "<b>"])
TEXTS = WORDS | st.text(ANY_CHARACTERS, max_size=30)
NUMBERS = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
KEYS = TEXTS | st.sampled_from(
    ["text", "texts", "title", "id", "top_k", "min_score", "explain", "Items", "Records", "detail", "warmup", "source"]
)
JSON: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
HEADER_NAMES = st.sampled_from(["content-type", "Content-Encoding", "accept-encoding", "origin", "x-\ud800"])
CONTENT_TYPES = st.lists(
    st.sampled_from(["text/plain", "application/json", ";", "charset", "*", "*0*", "=", "utf-8", "''", '"', "\\", " "])
    | st.text(ANY_CHARACTERS, max_size=5),
    max_size=10,
).map("".join)
HEADERS = st.dictionaries(HEADER_NAMES, CONTENT_TYPES | st.lists(CONTENT_TYPES, max_size=2), max_size=4)
DATA = st.binary(max_size=40) | TEXTS.map(lambda text: text.encode(errors="surrogatepass"))
PACKED = (DATA | DATA.map(gzip.compress) | DATA.map(lambda data: gzip.compress(data)[:-3])).map(
    lambda data: base64.b64encode(data).decode()
)
PAYLOADS = [
    json.loads(path.read_text(encoding="utf-8"))
    for folder in (ROOT / "examples" / "events", ROOT / "tests" / "payloads")
    for path in sorted(folder.glob("*.json"))
]


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value inside `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths(inner, (*path, key))


@st.composite
def damaged_payloads(draw: st.DrawFn) -> Any:
    """An event of AWS's in which one to three values are replaced by any JSON value."""
    event = draw(st.sampled_from(PAYLOADS))
    for _ in range(draw(st.integers(1, 3))):
        places = list(paths(event))
        if places:
            event = changed(event, draw(st.sampled_from(places)), draw(JSON))
    return event


@st.composite
def http_events(draw: st.DrawFn) -> Any:
    """A request of one of the four services with any headers, parameters and body."""
    name = draw(st.sampled_from(["function_url_post", "api_gateway_v1", "api_gateway_v2", "alb_multi_value"]))
    body = draw(TEXTS | JSON.map(lambda value: json.dumps(value)) | PACKED)
    parameters = draw(st.dictionaries(KEYS, TEXTS | NUMBERS, max_size=3))
    multi_value = name == "alb_multi_value"
    return read_payload(name) | {
        "multiValueHeaders" if multi_value else "headers": draw(HEADERS),
        "multiValueQueryStringParameters" if multi_value else "queryStringParameters": parameters,
        "body": body,
        "isBase64Encoded": draw(st.booleans()),
    }


@st.composite
def record_events(draw: st.DrawFn) -> Any:
    """Records of a queue, topic or stream with any bodies."""
    name, path, bodies = draw(
        st.sampled_from(
            [
                ("sqs", ("Records", 0, "body"), TEXTS | JSON.map(json.dumps)),
                ("sqs_fifo", ("Records", 1, "body"), TEXTS | JSON.map(json.dumps)),
                ("sns", ("Records", 0, "Sns", "Message"), TEXTS | JSON.map(json.dumps)),
                ("kinesis", ("Records", 0, "kinesis", "data"), PACKED | TEXTS),
                ("pipe_kinesis", (0, "data"), PACKED | TEXTS),
            ]
        )
    )
    return changed(read_payload(name), path, draw(bodies))


EVENTS: st.SearchStrategy[Any] = st.one_of(JSON, damaged_payloads(), http_events(), record_events())
