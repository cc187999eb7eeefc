"""The HTTP routes: statuses, headers and compression."""

import base64
import gzip
import json
import re
from typing import Any

import pytest

from agnews import __version__
from agnews.api.values import Json
from agnews.function.events.dispatch import answer
from agnews.function.web.errors import error_reply
from agnews.function.web.routes import accepts_gzip
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.payloads import JSON_TYPE, bodiless_event, post_event, read_payload, status_and_error
from tests.support.texts import GOAL


@pytest.mark.parametrize(
    ("event", "status", "error_type", "message"),
    [
        (post_event("{bad"), 400, "HttpError", "the body is not valid JSON"),
        (post_event('{"text": NaN}'), 400, "HttpError", "NaN is not JSON"),
        (post_event("[" * 100_000), 400, "HttpError", "nested too deep"),
        (post_event('{"text": ' + "9" * 5_000 + "}"), 400, "HttpError", "a number has thousands of digits"),
        (post_event("\n \n", {"content-type": "text/plain"}), 400, "HttpError", "the body is empty"),
        (
            post_event('{\n "text": Oil\n}', {"content-type": "text/plain"}),
            400,
            "HttpError",
            "is not valid JSON (Expecting",
        ),
        (post_event(b"x", {**JSON_TYPE, "content-encoding": "gzip"}), 415, "HttpError", "content-encoding 'gzip'"),
        (post_event(""), 400, "HttpError", "the body is empty"),
        (post_event(None), 400, "HttpError", "the body is empty"),
        (post_event(b"\xff\xfe{"), 400, "HttpError", "the body is not UTF-8 at byte 0"),
        (post_event("not base64!") | {"isBase64Encoded": True}, 400, "HttpError", "is not base64"),
        (post_event("é") | {"isBase64Encoded": True}, 400, "HttpError", "is not base64"),
        (
            post_event("a=b", {"content-type": "application/x-www-form-urlencoded"}),
            415,
            "HttpError",
            "is not supported; send",
        ),
        (post_event(b"x", {"content-type": "text/plain; charset=klingon"}), 415, "HttpError", "charset 'klingon'"),
        (post_event(b"x", {"content-type": "text/plain; charset=rot13"}), 415, "HttpError", "charset 'rot13'"),
        (post_event("3"), 422, "InputError", "no known form of event"),
        (post_event('{"txt": "a"}'), 422, "InputError", "no known form of event"),
        (post_event('{"Items": ["a"]}'), 422, "InputError", "no known form of event"),
        (post_event('{"text": ""}'), 422, "InputError", "the text is empty"),
        (post_event('{"text": "a", "top_k": 9}'), 422, "InputError", "top_k must be"),
        (post_event('{"text": "\\ud800"}'), 422, "InputError", "lone surrogate"),
        (post_event("a", {"content-type": "text/plain"}, topK="2"), 422, "InputError", "there is no option 'topK'"),
        (post_event("a", {"content-type": "text/plain"}, min_score="high"), 422, "InputError", "min_score must be"),
        (post_event(json.dumps({"text": "a" * 100_001})), 413, "LimitError", "100,001 characters, at most 100,000"),
        (post_event(json.dumps(["a"] * 10_001)), 413, "LimitError", "10,001 texts"),
        (post_event("{}", path="/nope"), 404, "HttpError", "there is no path '/nope'; the paths are /, /classify"),
        (bodiless_event("GET", "/classify"), 405, "HttpError", "/classify allows POST, OPTIONS, not GET"),
        (bodiless_event("DELETE", "/health"), 405, "HttpError", "/health allows GET, HEAD, OPTIONS, not DELETE"),
    ],
)
def test_a_refused_request_gets_its_status_and_the_reason(
    event: Json, status: int, error_type: str, message: str, classifier: Classifier, settings: Settings
) -> None:
    response = answer(event, classifier, settings)
    assert status_and_error(response)[:2] == (status, error_type)
    assert message in status_and_error(response)[2]


def test_the_allow_header_lists_the_methods_of_a_path(classifier: Classifier, settings: Settings) -> None:
    response: Any = answer(bodiless_event("PUT", "/classify"), classifier, settings)
    assert response["headers"]["allow"] == "POST, OPTIONS"


def test_a_failure_of_ours_is_500_without_internals_and_logged(capsys: pytest.CaptureFixture[str]) -> None:
    reply = error_reply(RuntimeError("secret path /var/task"))
    assert (reply.status, json.loads(reply.body)["error"]["type"]) == (500, "InternalError")
    assert b"secret" not in reply.body
    assert "RuntimeError: secret path /var/task" in capsys.readouterr().err


def test_an_answer_above_the_limit_is_413(classifier: Classifier, settings: Settings) -> None:
    event = post_event(json.dumps([GOAL] * 30))
    response = answer(event, classifier, settings._replace(max_answer_bytes=1000))
    assert status_and_error(response)[:2] == (413, "AnswerSizeError")
    # The answer would fit, but not quoted as a string.
    whole: Any = answer(event, classifier, settings)
    between = settings._replace(max_answer_bytes=len(whole["body"]) + 10)
    status, error_type, message = status_and_error(answer(event, classifier, between))
    assert (status, error_type) == (413, "AnswerSizeError")
    assert "or accept gzip" in message
    from_a_page: Any = answer(
        post_event(event["body"], {**JSON_TYPE, "origin": "https://a.example"}),
        classifier,
        between._replace(cors_origins=("*",)),
    )
    assert from_a_page["headers"]["access-control-allow-origin"] == "*", "a page can read why"
    event["headers"]["accept-encoding"] = "gzip"
    compressed: Any = answer(event, classifier, between)
    assert compressed["statusCode"] == 200


def test_health_names_version_engine_and_checkpoint_without_an_inference(
    classifier: Classifier, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "classify", None)
    response: Any = answer(read_payload("function_url_signed"), classifier, settings)
    assert json.loads(response["body"]) == {
        "status": "ok",
        "version": __version__,
        "engine": "onnx",
        "model": {
            "source": classifier.checkpoint.source,
            "revision": classifier.checkpoint.revision,
            "engine": "onnx",
        },
    }


def test_head_has_the_headers_of_get_and_no_body(classifier: Classifier, settings: Settings) -> None:
    for path in ("/", "/health", "/openapi.json"):
        get: Any = answer(bodiless_event("GET", path), classifier, settings)
        head: Any = answer(bodiless_event("HEAD", path), classifier, settings)
        assert (head["statusCode"], head["body"]) == (200, "")
        assert head["headers"]["content-length"] == str(len(get["body"].encode()))
        assert head["headers"]["content-type"] == get["headers"]["content-type"]


def test_a_large_reply_is_compressed_if_the_client_accepts_gzip(classifier: Classifier, settings: Settings) -> None:
    body = json.dumps([GOAL] * 50)
    plain: Any = answer(post_event(body), classifier, settings)
    packed: Any = answer(post_event(body, {**JSON_TYPE, "accept-encoding": "br, gzip;q=0.8"}), classifier, settings)
    assert (packed["headers"]["content-encoding"], packed["isBase64Encoded"]) == ("gzip", True)
    assert gzip.decompress(base64.b64decode(packed["body"])).decode() == plain["body"]
    assert plain["headers"]["vary"] == packed["headers"]["vary"] == "accept-encoding"
    small: Any = answer(post_event(json.dumps(GOAL), {**JSON_TYPE, "accept-encoding": "gzip"}), classifier, settings)
    assert "content-encoding" not in small["headers"]


@pytest.mark.parametrize(
    ("accept_encoding", "accepts"),
    [
        ("gzip", True),
        ("GZIP", True),
        ("br;q=1.0, gzip; q=0.5", True),
        ("*", True),
        ("", False),
        ("br", False),
        ("gzip;q=0", False),
        ("*;q=1, gzip;q=0.0", False),
        ("gzip;q=x", False),
    ],
)
def test_an_accept_encoding_header_is_read_as_its_standard_says(accept_encoding: str, accepts: bool) -> None:
    assert accepts_gzip(accept_encoding) is accepts


@pytest.mark.parametrize(
    ("allowed", "origin", "expected"),
    [
        ((), "https://a.example", {}),
        (("*",), "https://a.example", {"access-control-allow-origin": "*", "vary": "origin"}),
        (
            ("https://a.example",),
            "https://a.example",
            {"access-control-allow-origin": "https://a.example", "vary": "origin"},
        ),
        (("https://a.example",), "https://b.example", {"vary": "origin"}),
        (("https://a.example",), None, {"vary": "origin"}),
    ],
)
def test_pages_of_the_origins_that_a_setting_names_may_call(
    allowed: tuple[str, ...], origin: str | None, expected: dict[str, str], classifier: Classifier, settings: Settings
) -> None:
    event = post_event(json.dumps(GOAL), JSON_TYPE if origin is None else {**JSON_TYPE, "origin": origin})
    response: Any = answer(event, classifier, settings._replace(cors_origins=allowed))
    headers = {
        name: value for name, value in response["headers"].items() if name == "vary" or name.startswith("access-")
    }
    assert headers == expected


def test_a_preflight_is_answered_for_them(classifier: Classifier, settings: Settings) -> None:
    headers = {"origin": "https://a.example", "access-control-request-method": "POST"}
    response: Any = answer(
        bodiless_event("OPTIONS", "/classify", headers), classifier, settings._replace(cors_origins=("*",))
    )
    assert (response["statusCode"], response["body"]) == (204, "")
    assert response["headers"]["access-control-allow-headers"] == "content-type, authorization, x-api-key"
    assert "POST" in response["headers"]["access-control-allow-methods"]


def test_the_page_may_run_its_own_script_and_nothing_else(classifier: Classifier, settings: Settings) -> None:
    response: Any = answer(read_payload("function_url_get") | {"headers": {}}, classifier, settings)
    policy = response["headers"]["content-security-policy"]
    assert response["headers"]["content-type"] == "text/html; charset=utf-8"
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    text = response["body"]
    assert len(text.encode()) < 60_000
    assert (text.count("<script>"), text.count("<script ")) == (policy.count("sha256-") - 1, 0)
    assert (text.count("<style"), text.count("<link "), text.count(" style=")) == (1, 1, 0)
    assert not re.search(r"\bon[a-z]+=\"|https?://(?!www\.w3\.org/2000/svg)|innerHTML", text)
