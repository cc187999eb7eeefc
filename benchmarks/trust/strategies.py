"""Hypothesis strategies: JSON values, headers, records, files and whole events, of AWS's forms and damaged ones."""

import base64
import gzip
import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import strategies as st

from agnews.api.values import Json
from benchmarks.trust.ledger import ROOT

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
PAYLOADS: dict[str, Any] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for folder in (ROOT / "examples" / "events", ROOT / "tests" / "payloads")
    for path in sorted(folder.glob("*.json"))
}
HTTP = ("function_url_post", "api_gateway_v1", "api_gateway_v2", "alb_multi_value")
RECORDS: tuple[tuple[str, tuple[str | int, ...]], ...] = (
    ("sqs", ("Records", 0, "body")),
    ("sqs_fifo", ("Records", 1, "body")),
    ("sns", ("Records", 0, "Sns", "Message")),
    ("kinesis", ("Records", 0, "kinesis", "data")),
    ("pipe_kinesis", (0, "data")),
)
"""Payloads with records, and where the body of one is."""
BODIES = TEXTS | JSON.map(json.dumps) | PACKED
CELLS = st.sampled_from(("text", "title", "id", '"', '""', ",", ";", "\t", "\n", "\r\n", "\r", "{", "}", "sep=;"))
MAGIC = st.sampled_from((b"", b"PAR1", b"PK\x03\x04", b"\xff\xfe", b"\xef\xbb\xbf", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"))
FILES = st.one_of(
    st.lists(CELLS | TEXTS, max_size=20).map("".join).map(lambda text: text.encode(errors="surrogatepass")),
    st.lists(JSON, max_size=4).map(lambda rows: "\n".join(map(json.dumps, rows)).encode()),
    st.lists(st.tuples(TEXTS, TEXTS), max_size=4).map(lambda rows: json.dumps([dict([row]) for row in rows]).encode()),
    st.builds(bytes.__add__, MAGIC, st.binary(max_size=60)),
    DATA.map(gzip.compress),
    TEXTS.map(lambda text: f"text\n{text}\n".encode("utf-16", errors="surrogatepass")),
)
"""The bytes of a file with headlines: tables, JSON, other encodings, compressed, and none of these."""


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value inside `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths(inner, (*path, key))


def replaced(value: Any, path: Sequence[str | int], new: Json) -> Any:
    """Return `value` with another value at a path of it."""
    if not path:
        return new
    copied: Any = value.copy()
    copied[path[0]] = replaced(value[path[0]], path[1:], new)
    return copied


def http_event(name: str, headers: Any, query: Any, body: Any, is_base64: bool) -> Any:
    """Return the payload `name` with other headers, parameters and body."""
    prefix = "multiValueH" if name == "alb_multi_value" else "h"
    parameters = "multiValueQueryStringParameters" if name == "alb_multi_value" else "queryStringParameters"
    parts = {f"{prefix}eaders": headers, parameters: query, "body": body, "isBase64Encoded": is_base64}
    return PAYLOADS[name] | parts
