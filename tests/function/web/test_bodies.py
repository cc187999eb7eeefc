"""Bodies of HTTP requests: charsets, content types, plain text, and options in the query."""

import json
from typing import Any

import pytest

from agnews.api.values import Json
from agnews.function.events.dispatch import answer
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.payloads import post_event, status_and_error
from tests.support.texts import GOAL, OIL


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
    response: Any = answer(post_event(body, {"content-type": content_type}), classifier, settings)
    assert json.loads(response["body"]) == expected


@pytest.mark.parametrize(
    ("header", "status"),
    [
        ("text/plain; charset*=utf-8''utf-8; charset*0*=x", 415),
        ("text/plain; charset*0=utf-8", 415),
        ("text/plain; charset=utf-9", 415),
        ("text/plain; charset=utf-8\ud800", 415),
        ("text/plain; charset=\\", 415),
        ("\ud800", 415),
        ("", 415),
        (";" * 5000, 415),
        ('text/plain; boundary="; charset=utf-9"; charset=utf-8', 200),
        ('text/plain; boundary="\\"; charset=utf-9"', 200),
        ("text/plain; charset = UTF-8 ; format=flowed", 200),
        ("text/plain; charset", 200),
        ("text/plain; charset=", 200),
        ("text/plain;;", 200),
        ("text/plain\r\n; charset=utf-8", 200),
        ("text/plain; x*=utf-8''y", 200),
        ('text/plain; charset="utf-8', 200),
    ],
)
def test_any_content_type_is_read_or_refused(
    header: str, status: int, classifier: Classifier, settings: Settings
) -> None:
    response: Any = answer(post_event(GOAL, {"content-type": header}), classifier, settings)
    assert response["statusCode"] == status


def test_plain_text_has_one_headline_per_line_and_its_options_in_the_query(
    classifier: Classifier, settings: Settings
) -> None:
    body = f"{GOAL}\r\n\n  \n{OIL}\u2028 tonight\r{GOAL}".encode()
    event = post_event(body, {"content-type": "text/plain"}, top_k="2", min_score="0.5", utm_source="x", texts="no")
    response: Any = answer(event, classifier, settings)
    predictions = json.loads(response["body"])["predictions"]
    assert [prediction["label"] for prediction in predictions] == ["Sports", "Business", "Sports"]
    assert all(len(prediction["scores"]) == 2 and prediction["abstained"] is False for prediction in predictions)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"texts": [GOAL, OIL], "top_k": 2}),
        json.dumps([GOAL, OIL]),
        json.dumps(json.dumps([GOAL, OIL])),
        json.dumps({"text": GOAL}) + "\n" + json.dumps({"id": 7, "title": OIL}) + "\n",
    ],
)
def test_json_in_plain_text_is_the_request_that_it_is(body: str, classifier: Classifier, settings: Settings) -> None:
    event = post_event(body, {"content-type": "text/plain;charset=UTF-8"}, top_k="2")
    response: Any = answer(event, classifier, settings)
    predictions = json.loads(response["body"])["predictions"]
    assert [(item["label"], len(item["scores"])) for item in predictions] == [("Sports", 2), ("Business", 2)]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (f"id,title\n1,{OIL}\n", "the body is a table"),
        (f"\ufeff Title \tId\r\n{OIL}\t1\r\n", "the body is a table"),
        (f"sep=;\nnr;kop\n1;{OIL}\n", "the body is a table"),
        (f"title\n{OIL}\n", "the body is a table"),
        (f'"3","{OIL}","Crude rose."\n', "the body is a table"),
        (f"\n<!DOCTYPE html>\n<title>{OIL}</title>\n", "the body is a web page"),
        (f'\ufeff<?xml version="1.0"?>\n<rss><title>{OIL}</title></rss>\n', "the body is an XML file"),
        (f"<rss><title>{OIL}</title></rss>\n", "the body is a feed"),
        (f"{OIL}\n{GOAL}\n".encode("utf-16-le"), "the body is in another charset than UTF-8"),
    ],
)
def test_plain_text_that_has_another_form_is_refused_with_what_it_is(
    body: str | bytes, message: str, classifier: Classifier, settings: Settings
) -> None:
    response: Any = answer(post_event(body, {"content-type": "text/plain"}), classifier, settings)
    status, error_type, text = status_and_error(response)
    assert (status, error_type) == (400, "HttpError")
    assert text.startswith(message)
    assert text.endswith("send JSON, or UTF-8 text with one headline per line")


@pytest.mark.parametrize("body", [{"text": GOAL, "top_k": 2}, {"text": GOAL, "parameters": {"top_k": 2}}])
def test_json_encoded_twice_is_decoded_and_its_options_go_before_the_query(
    body: Json, classifier: Classifier, settings: Settings
) -> None:
    event = post_event(json.dumps(json.dumps(body)), top_k="4")
    response: Any = answer(event, classifier, settings)
    assert len(json.loads(response["body"])["scores"]) == 2


@pytest.mark.parametrize(
    "body",
    [[GOAL], {"texts": [GOAL]}, {"texts": [GOAL], "top_k": 3}, GOAL, {"text": GOAL}, {"text": GOAL, "top_k": None}],
)
def test_options_in_the_query_are_for_json_too_where_it_has_none(
    body: Json, classifier: Classifier, settings: Settings
) -> None:
    response: Any = answer(post_event(json.dumps(body), top_k="2"), classifier, settings)
    first = json.loads(response["body"])
    first = first.get("predictions", [first])[0]
    assert len(first["scores"]) == (3 if isinstance(body, dict) and body.get("top_k") else 2)


@pytest.mark.parametrize("query", [{"Top_K": "2"}, {"options": '{"top_k": 2}'}, {"Parameters": '{"top_k": 2}'}])
def test_options_in_the_query_are_found_however_they_are_written(
    query: Any, classifier: Classifier, settings: Settings
) -> None:
    response: Any = answer(post_event(json.dumps(GOAL), **query), classifier, settings)
    assert len(json.loads(response["body"])["scores"]) == 2


def test_a_warm_up_with_options_in_the_query_is_refused_with_the_cause(
    classifier: Classifier, settings: Settings
) -> None:
    status, _, message = status_and_error(answer(post_event('{"warmup": true}', top_k="2"), classifier, settings))
    assert status == 422
    assert "without options beside it or in the query" in message
