"""HTTP by way of Function URLs, API Gateway and load balancers: payloads as AWS documents them, and what these take."""

import base64
import gzip
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from agnews import __version__
from agnews.api.request import Json
from agnews.function.events.dispatch import answer
from agnews.function.web.errors import error_reply
from agnews.function.web.routes import accepts_gzip
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.requirement import ROOT, require_module
from tests.support.texts import GOAL, OIL

JSON_TYPE = {"content-type": "application/json"}


def payload(name: str) -> Any:
    return json.loads((ROOT / "tests" / "payloads" / f"{name}.json").read_text(encoding="utf-8"))


def posted(
    body: str | bytes | None, headers: Mapping[str, str] = JSON_TYPE, path: str = "/classify", **query: str
) -> Any:
    """A Function URL's event for POST; bytes go as base64."""
    event = payload("function_url_post")
    event |= {"rawPath": path, "headers": dict(headers), "queryStringParameters": query}
    if isinstance(body, bytes):
        return event | {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
    return event | {"body": body}


def asked(method: str, path: str, headers: Mapping[str, str] | None = None) -> Any:
    event = payload("function_url_get") | {"rawPath": path, "headers": dict(headers or {})}
    event["requestContext"]["http"]["method"] = method
    return event


def status_and_error(found: Any) -> tuple[int, str, str]:
    error = json.loads(found["body"])["error"]
    return found["statusCode"], error["type"], error["message"]


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("function_url_post", ["Business"]),
        ("api_gateway_v2", ["Sports", "World"]),
        ("api_gateway_v1", ["Sci/Tech", "World"]),
        ("alb_multi_value", ["Business"]),
    ],
)
def test_every_carrier_s_request_is_classified(
    name: str, labels: list[str], classifier: Classifier, settings: Settings
) -> None:
    found: Any = answer(payload(name), classifier, settings)
    assert found["statusCode"] == 200
    assert found["isBase64Encoded"] is False
    body = json.loads(found["body"])
    assert [one["label"] for one in body.get("predictions", [body])] == labels


def test_a_carrier_gets_what_it_hands_on(classifier: Classifier, settings: Settings) -> None:
    single: Any = answer(payload("alb_health"), classifier, settings)
    assert (single["statusDescription"], single["headers"]["content-type"]) == ("200 OK", "application/json")
    several: Any = answer(payload("alb_multi_value"), classifier, settings)
    assert several["multiValueHeaders"]["content-type"] == ["application/json"]
    assert "headers" not in several
    assert len(json.loads(several["body"])["predictions"][0]["scores"]) == 3, "the last top_k counts"
    for name in ("function_url_post", "api_gateway_v1", "api_gateway_v2", "alb_health"):
        found: Any = answer(payload(name), classifier, settings)
        assert isinstance(found["body"], str)
        assert "cookies" not in found
        assert all(type(value) is str for value in found["headers"].values())


@pytest.mark.parametrize("name", ["function_url_post", "function_url_get", "api_gateway_v1", "alb_multi_value"])
def test_the_runtime_client_s_serialiser_takes_every_reply(
    name: str, classifier: Classifier, settings: Settings
) -> None:
    require_module("awslambdaric")
    from awslambdaric.lambda_runtime_marshaller import to_json

    found = answer(payload(name), classifier, settings)
    assert json.loads(to_json(found)) == found


def test_the_answer_over_http_is_the_direct_one(classifier: Classifier, settings: Settings) -> None:
    event: Json = {"texts": [GOAL, "", {"id": 7, "title": OIL}], "top_k": 4, "min_score": 0.9}
    found: Any = answer(posted(json.dumps(event)), classifier, settings)
    assert json.loads(found["body"]) == answer(event, classifier, settings)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", '{"text": "Élection présidentielle"}'.encode()),
        ("application/json; charset=utf-8", '\ufeff{"text": "Élection présidentielle"}'.encode()),
        ("application/json;charset=ISO-8859-1", '{"text": "Élection présidentielle"}'.encode("latin-1")),
        ('application/json; charset="utf-16"', '{"text": "Élection présidentielle"}'.encode("utf-16")),
        ("application/vnd.api+json", '{"text": "Élection présidentielle"}'.encode()),
        ("APPLICATION/JSON", '{"text": "Élection présidentielle"}'),
    ],
)
def test_a_body_is_read_in_the_charset_that_it_names(
    content_type: str, body: str | bytes, classifier: Classifier, settings: Settings
) -> None:
    expected = answer({"text": "Élection présidentielle"}, classifier, settings)
    found: Any = answer(posted(body, {"content-type": content_type}), classifier, settings)
    assert json.loads(found["body"]) == expected


def test_plain_text_is_a_headline_a_line_with_options_in_the_query(classifier: Classifier, settings: Settings) -> None:
    body = f"{GOAL}\r\n\n  \n{OIL}\u2028 tonight\r{GOAL}".encode()
    event = posted(body, {"content-type": "text/plain"}, top_k="2", min_score="0.5", utm_source="x", texts="no")
    found: Any = answer(event, classifier, settings)
    answers = json.loads(found["body"])["predictions"]
    assert [one["label"] for one in answers] == ["Sports", "Business", "Sports"]
    assert all(len(one["scores"]) == 2 and one["abstained"] is False for one in answers)


@pytest.mark.parametrize("body", [[GOAL], {"texts": [GOAL]}, {"texts": [GOAL], "top_k": 3}, GOAL, {"text": GOAL}])
def test_options_in_the_query_are_for_json_too_where_it_has_none(
    body: Json, classifier: Classifier, settings: Settings
) -> None:
    found: Any = answer(posted(json.dumps(body), top_k="2"), classifier, settings)
    first = json.loads(found["body"])
    first = first.get("predictions", [first])[0]
    assert len(first["scores"]) == (3 if isinstance(body, dict) and "top_k" in body else 2)


@pytest.mark.parametrize(
    ("event", "status", "kind", "message"),
    [
        (posted("{bad"), 400, "HttpError", "the body is not valid JSON"),
        (posted('{"text": NaN}'), 400, "HttpError", "NaN is not JSON"),
        (posted("[" * 100_000), 400, "HttpError", "nested too deep"),
        (posted('{"text": ' + "9" * 5_000 + "}"), 400, "HttpError", "a number has thousands of digits"),
        (posted("\n \n", {"content-type": "text/plain"}), 400, "HttpError", "the body is empty"),
        (posted(b"x", {**JSON_TYPE, "content-encoding": "gzip"}), 415, "HttpError", "content-encoding 'gzip'"),
        (posted(""), 400, "HttpError", "the body is empty"),
        (posted(None), 400, "HttpError", "the body is empty"),
        (posted(b"\xff\xfe{"), 400, "HttpError", "the body is not UTF-8 at byte 0"),
        (posted("not base64!") | {"isBase64Encoded": True}, 400, "HttpError", "is not base64"),
        (posted("é") | {"isBase64Encoded": True}, 400, "HttpError", "is not base64"),
        (
            posted("a=b", {"content-type": "application/x-www-form-urlencoded"}),
            415,
            "HttpError",
            "is not supported; send",
        ),
        (posted(b"x", {"content-type": "text/plain; charset=klingon"}), 415, "HttpError", "charset 'klingon'"),
        (posted(b"x", {"content-type": "text/plain; charset=rot13"}), 415, "HttpError", "charset 'rot13'"),
        (posted("3"), 422, "InputError", "an event must be one of"),
        (posted('{"txt": "a"}'), 422, "InputError", "an event must be one of"),
        (posted('{"Items": ["a"]}'), 422, "InputError", "an event must be one of"),
        (posted('{"text": ""}'), 422, "InputError", "the text is empty"),
        (posted('{"text": "a", "top_k": 9}'), 422, "InputError", "top_k must be"),
        (posted('{"text": "\\ud800"}'), 422, "InputError", "lone surrogate"),
        (posted("a", {"content-type": "text/plain"}, topK="2"), 422, "InputError", "there is no option 'topK'"),
        (posted("a", {"content-type": "text/plain"}, min_score="high"), 422, "InputError", "min_score must be"),
        (posted(json.dumps({"text": "a" * 100_001})), 413, "LimitError", "100,001 characters, at most 100,000"),
        (posted(json.dumps(["a"] * 10_001)), 413, "LimitError", "10,001 texts"),
        (posted("{}", path="/nope"), 404, "HttpError", "there is no path '/nope'; the paths are /, /classify"),
        (asked("GET", "/classify"), 405, "HttpError", "/classify allows POST, OPTIONS, not GET"),
        (asked("DELETE", "/health"), 405, "HttpError", "/health allows GET, HEAD, OPTIONS, not DELETE"),
    ],
)
def test_what_cannot_be_answered_gets_its_status_and_the_reason(
    event: Json, status: int, kind: str, message: str, classifier: Classifier, settings: Settings
) -> None:
    found = status_and_error(answer(event, classifier, settings))
    assert found[:2] == (status, kind)
    assert message in found[2]


def test_a_refused_method_is_told_which_are_allowed(classifier: Classifier, settings: Settings) -> None:
    found: Any = answer(asked("PUT", "/classify"), classifier, settings)
    assert found["headers"]["allow"] == "POST, OPTIONS"


def test_time_that_ran_out_is_503_for_one_text_and_an_item_s_error_in_a_list(
    classifier: Classifier, settings: Settings
) -> None:
    assert status_and_error(answer(posted(json.dumps(GOAL)), classifier, settings, deadline=0))[:2] == (
        503,
        "DeadlineError",
    )
    found: Any = answer(posted(json.dumps([GOAL])), classifier, settings, deadline=0)
    assert found["statusCode"] == 200
    assert json.loads(found["body"])["predictions"][0]["error"]["type"] == "DeadlineError"


def test_a_failure_of_ours_is_500_without_internals_and_logged(capsys: pytest.CaptureFixture[str]) -> None:
    reply = error_reply(RuntimeError("secret path /var/task"))
    assert (reply.status, json.loads(reply.body)["error"]["type"]) == (500, "InternalError")
    assert b"secret" not in reply.body
    assert "RuntimeError: secret path /var/task" in capsys.readouterr().err


def test_an_answer_too_large_to_be_handed_on_is_413(classifier: Classifier, settings: Settings) -> None:
    event = posted(json.dumps([GOAL] * 30))
    found = answer(event, classifier, settings._replace(max_answer_bytes=1000))
    assert status_and_error(found)[:2] == (413, "AnswerSizeError")
    # The answer would fit, but not quoted as a string.
    whole: Any = answer(event, classifier, settings)
    between = settings._replace(max_answer_bytes=len(whole["body"]) + 10)
    status, kind, message = status_and_error(answer(event, classifier, between))
    assert (status, kind) == (413, "AnswerSizeError")
    assert "or accept gzip" in message
    from_a_page: Any = answer(
        posted(event["body"], {**JSON_TYPE, "origin": "https://a.example"}),
        classifier,
        between._replace(cors_origins=("*",)),
    )
    assert from_a_page["headers"]["access-control-allow-origin"] == "*", "a page can read why"
    event["headers"]["accept-encoding"] = "gzip"
    small: Any = answer(event, classifier, between)
    assert small["statusCode"] == 200


def test_a_load_balancer_hands_on_one_megabyte(classifier: Classifier, settings: Settings) -> None:
    event = payload("alb_multi_value") | {"body": f"{GOAL}\n" * 9_000}
    found: Any = answer(event, classifier, settings)
    assert found["statusCode"] == 413
    assert json.loads(found["body"])["error"]["message"].startswith("the answer has more than 1,048,576 bytes")


def test_health_names_version_engine_and_checkpoint_without_an_inference(
    classifier: Classifier, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier, "classify", None)
    found: Any = answer(payload("function_url_signed"), classifier, settings)
    assert json.loads(found["body"]) == {
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
        got: Any = answer(asked("GET", path), classifier, settings)
        head: Any = answer(asked("HEAD", path), classifier, settings)
        assert (head["statusCode"], head["body"]) == (200, "")
        assert head["headers"]["content-length"] == str(len(got["body"].encode()))
        assert head["headers"]["content-type"] == got["headers"]["content-type"]


def test_a_stage_in_front_of_the_path_is_left_out(classifier: Classifier, settings: Settings) -> None:
    event = payload("api_gateway_v2")
    event["requestContext"]["http"]["method"] = "GET"
    for path, status in (("/prod", 200), ("/prod/health", 200), ("/health", 200), ("/production", 404)):
        found: Any = answer(event | {"rawPath": path}, classifier, settings)
        assert found["statusCode"] == status, path


def test_gzip_is_sent_where_it_was_asked_for_and_pays(classifier: Classifier, settings: Settings) -> None:
    body = json.dumps([GOAL] * 50)
    plain: Any = answer(posted(body), classifier, settings)
    packed: Any = answer(posted(body, {**JSON_TYPE, "accept-encoding": "br, gzip;q=0.8"}), classifier, settings)
    assert (packed["headers"]["content-encoding"], packed["isBase64Encoded"]) == ("gzip", True)
    assert gzip.decompress(base64.b64decode(packed["body"])).decode() == plain["body"]
    assert plain["headers"]["vary"] == packed["headers"]["vary"] == "accept-encoding"
    small: Any = answer(posted(json.dumps(GOAL), {**JSON_TYPE, "accept-encoding": "gzip"}), classifier, settings)
    assert "content-encoding" not in small["headers"]


def test_a_rest_api_gets_no_base64_which_it_would_hand_on_as_it_is(classifier: Classifier, settings: Settings) -> None:
    event = payload("api_gateway_v1") | {"body": json.dumps([GOAL] * 50)}
    assert "gzip" in event["headers"]["Accept-Encoding"]
    found: Any = answer(event, classifier, settings)
    assert found["isBase64Encoded"] is False
    assert len(json.loads(found["body"])["predictions"]) == 50


@pytest.mark.parametrize(
    ("accepted", "takes"),
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
def test_an_accept_encoding_header_is_read_as_its_standard_says(accepted: str, takes: bool) -> None:
    assert accepts_gzip(accepted) is takes


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
    event = posted(json.dumps(GOAL), JSON_TYPE if origin is None else {**JSON_TYPE, "origin": origin})
    found: Any = answer(event, classifier, settings._replace(cors_origins=allowed))
    shown = {name: value for name, value in found["headers"].items() if name == "vary" or name.startswith("access-")}
    assert shown == expected


def test_a_preflight_is_answered_for_them(classifier: Classifier, settings: Settings) -> None:
    headers = {"origin": "https://a.example", "access-control-request-method": "POST"}
    found: Any = answer(asked("OPTIONS", "/classify", headers), classifier, settings._replace(cors_origins=("*",)))
    assert (found["statusCode"], found["body"]) == (204, "")
    assert found["headers"]["access-control-allow-headers"] == "content-type, authorization, x-api-key"
    assert "POST" in found["headers"]["access-control-allow-methods"]


def test_the_page_may_run_its_own_script_and_nothing_else(classifier: Classifier, settings: Settings) -> None:
    found: Any = answer(payload("function_url_get") | {"headers": {}}, classifier, settings)
    policy = found["headers"]["content-security-policy"]
    assert found["headers"]["content-type"] == "text/html; charset=utf-8"
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    text = found["body"]
    assert len(text.encode()) < 40_000
    assert (text.count("<script"), text.count("<style"), text.count(" style=")) == (1, 1, 0)
    assert not re.search(r"\bon[a-z]+=\"|https?://(?!www\.w3\.org/2000/svg)|innerHTML", text)


def test_an_http_event_s_body_cannot_be_another_http_event(classifier: Classifier, settings: Settings) -> None:
    found = answer(posted(json.dumps(payload("function_url_get"))), classifier, settings)
    assert status_and_error(found)[:2] == (422, "InputError")


@pytest.mark.parametrize("change", [{"headers": None}, {"queryStringParameters": None}, {"cookies": None}])
def test_parts_that_are_null_are_parts_left_out(
    change: dict[str, Json], classifier: Classifier, settings: Settings
) -> None:
    found: Any = answer(payload("function_url_post") | change, classifier, settings)
    assert found["statusCode"] == 200


def test_an_object_as_body_in_a_console_test_is_its_json(classifier: Classifier, settings: Settings) -> None:
    found: Any = answer(posted(None) | {"body": {"text": GOAL}}, classifier, settings)
    assert json.loads(found["body"])["label"] == "Sports"
