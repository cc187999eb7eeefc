"""HTTP requests from Function URLs, API Gateway and load balancers, with payloads as AWS documents them."""

import json
from typing import Any

import pytest

from agnews.api.values import Json
from agnews.errors import InputError
from agnews.function.events.dispatch import answer
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.payloads import changed, post_event, read_payload, status_and_error
from tests.support.requirement import require_module
from tests.support.texts import GOAL, OIL


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("function_url_post", ["Business"]),
        ("api_gateway_v2", ["Sports", "World"]),
        ("api_gateway_v1", ["Sci/Tech", "World"]),
        ("alb_multi_value", ["Business"]),
    ],
)
def test_a_request_from_every_service_is_classified(
    name: str, labels: list[str], classifier: Classifier, settings: Settings
) -> None:
    response: Any = answer(read_payload(name), classifier, settings)
    assert response["statusCode"] == 200
    assert response["isBase64Encoded"] is False
    body = json.loads(response["body"])
    assert [prediction["label"] for prediction in body.get("predictions", [body])] == labels


def test_every_service_gets_a_response_in_its_own_form(classifier: Classifier, settings: Settings) -> None:
    single: Any = answer(read_payload("alb_health"), classifier, settings)
    assert (single["statusDescription"], single["headers"]["content-type"]) == ("200 OK", "application/json")
    several: Any = answer(read_payload("alb_multi_value"), classifier, settings)
    assert several["multiValueHeaders"]["content-type"] == ["application/json"]
    assert "headers" not in several
    assert len(json.loads(several["body"])["predictions"][0]["scores"]) == 3, "the last top_k counts"
    for name in ("function_url_post", "api_gateway_v1", "api_gateway_v2", "alb_health"):
        response: Any = answer(read_payload(name), classifier, settings)
        assert isinstance(response["body"], str)
        assert "cookies" not in response
        assert all(type(value) is str for value in response["headers"].values())


@pytest.mark.parametrize("name", ["function_url_post", "function_url_get", "api_gateway_v1", "alb_multi_value"])
def test_the_runtime_client_s_serialiser_takes_every_reply(
    name: str, classifier: Classifier, settings: Settings
) -> None:
    require_module("awslambdaric")
    from awslambdaric.lambda_runtime_marshaller import to_json

    response = answer(read_payload(name), classifier, settings)
    assert json.loads(to_json(response)) == response


def test_a_load_balancer_takes_one_megabyte(classifier: Classifier, settings: Settings) -> None:
    event = read_payload("alb_multi_value") | {"body": f"{GOAL}\n" * 9_000}
    response: Any = answer(event, classifier, settings)
    assert response["statusCode"] == 413
    assert json.loads(response["body"])["error"]["message"].startswith("the answer has more than 1,048,576 bytes")


def test_a_stage_is_not_part_of_the_path(classifier: Classifier, settings: Settings) -> None:
    event = read_payload("api_gateway_v2")
    event["requestContext"]["http"]["method"] = "GET"
    for path, status in (("/prod", 200), ("/prod/health", 200), ("/health", 200), ("/production", 404)):
        response: Any = answer(event | {"rawPath": path}, classifier, settings)
        assert response["statusCode"] == status, path


@pytest.mark.parametrize("setting", ["/news", "news/", "/news/"])
@pytest.mark.parametrize(
    ("path", "status"),
    [("/news", 200), ("/news/", 200), ("/news/health", 200), ("/health", 200), ("/newsroom", 404), ("/news/news", 404)],
)
def test_the_base_path_is_not_part_of_the_path(
    setting: str, path: str, status: int, classifier: Classifier, settings: Settings
) -> None:
    base_path = Settings.from_environment({"AGNEWS_BASE_PATH": setting}).base_path
    event = read_payload("alb_health") | {"path": path}
    response: Any = answer(event, classifier, settings._replace(base_path=base_path))
    assert response["statusCode"] == status


def test_the_openapi_document_has_the_base_path_as_its_server(classifier: Classifier, settings: Settings) -> None:
    event = read_payload("alb_health") | {"path": "/news/openapi.json", "headers": {}}
    response: Any = answer(event, classifier, settings._replace(base_path="/news"))
    assert json.loads(response["body"])["servers"] == [{"url": "/news"}]


@pytest.mark.parametrize(
    "query",
    [
        {"queryStringParameters": {"top%5Fk": "3", "min%5fscore": "%30.5"}},
        {"multiValueQueryStringParameters": {"top%5Fk": ["2", "%33"], "utm+source": ["1"]}},
        {"queryStringParameters": {"top_k": "+3"}},
    ],
)
def test_parameters_that_a_load_balancer_passes_on_encoded_are_decoded(
    query: dict[str, Json], classifier: Classifier, settings: Settings
) -> None:
    event = read_payload("alb_health") | {"httpMethod": "POST", "path": "/classify", "body": GOAL} | query
    event["headers"] = {"content-type": "text/plain"}
    response: Any = answer(event, classifier, settings)
    assert len(json.loads(response["body"])["predictions"][0]["scores"]) == 3


def test_parameters_that_another_service_has_decoded_are_not_decoded_again(
    classifier: Classifier, settings: Settings
) -> None:
    event = read_payload("api_gateway_v2") | {"queryStringParameters": {"top%5Fk": "3"}}
    response: Any = answer(event, classifier, settings)
    assert "scores" not in json.loads(response["body"])["predictions"][0]


@pytest.mark.parametrize("name", ["function_url_post", "api_gateway_v2", "api_gateway_v1", "alb_multi_value"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"headers": ["a"]}, "'headers' must be an object, found a list of 1"),
        ({"headers": "a"}, "'headers' must be an object, found the string 'a'"),
        ({"headers": {"x": {}}}, "'x' in 'headers' must be a string, found an object"),
        ({"headers": {"x": [["a"]]}}, "'x' in 'headers' must be a string, found a list of 1"),
        ({"queryStringParameters": 3}, "'queryStringParameters' must be an object"),
        ({"queryStringParameters": {"top_k": {}}}, "'top_k' in 'queryStringParameters' must be a string"),
        ({"isBase64Encoded": "false"}, "'isBase64Encoded' must be true or false, found the string 'false'"),
    ],
)
def test_a_part_of_another_type_than_aws_sends_is_refused_by_its_name(
    name: str, change: dict[str, Json], message: str, classifier: Classifier, settings: Settings
) -> None:
    with pytest.raises(InputError) as refusal:
        answer(read_payload(name) | change, classifier, settings)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "change", "status"),
    [
        ("alb_multi_value", {"headers": None, "multiValueHeaders": {"content-type": [], "x": None}}, 400),
        ("alb_multi_value", {"multiValueHeaders": {"content-type": "text/plain"}}, 200),
        ("alb_multi_value", {"queryStringParameters": {"top_k": 2, "explain": True}}, 200),
        ("alb_multi_value", {"path": "/\ud800"}, 404),
        ("alb_multi_value", {"httpMethod": "\ud800"}, 405),
        ("alb_multi_value", {"body": "\ud800"}, 200),
        ("alb_multi_value", {"body": {"text": "\ud800"}}, 422),
        ("alb_multi_value", {"body": 5, "isBase64Encoded": True}, 400),
        ("api_gateway_v2", {"body": [[[]]], "isBase64Encoded": None}, 200),
        ("api_gateway_v2", {"headers": {"Content-Type": ["application/json", "text/csv"]}}, 415),
    ],
)
def test_a_part_that_only_test_events_have_is_read_or_gets_a_status(
    name: str, change: dict[str, Json], status: int, classifier: Classifier, settings: Settings
) -> None:
    response: Any = answer(read_payload(name) | change, classifier, settings)
    assert response["statusCode"] == status
    json.dumps(response, ensure_ascii=False).encode()


def test_a_stage_that_is_no_string_is_none(classifier: Classifier, settings: Settings) -> None:
    event = changed(read_payload("api_gateway_v2"), ("requestContext", "stage"), 5) | {"rawPath": "/classify"}
    response: Any = answer(event, classifier, settings)
    assert response["statusCode"] == 200


def test_a_rest_api_gets_no_base64_which_it_would_pass_on_as_text(classifier: Classifier, settings: Settings) -> None:
    event = read_payload("api_gateway_v1") | {"body": json.dumps([GOAL] * 50)}
    assert "gzip" in event["headers"]["Accept-Encoding"]
    response: Any = answer(event, classifier, settings)
    assert response["isBase64Encoded"] is False
    assert len(json.loads(response["body"])["predictions"]) == 50


def test_an_http_event_s_body_cannot_be_another_http_event(classifier: Classifier, settings: Settings) -> None:
    response = answer(post_event(json.dumps(read_payload("function_url_get"))), classifier, settings)
    assert status_and_error(response)[:2] == (422, "InputError")


@pytest.mark.parametrize("change", [{"headers": None}, {"queryStringParameters": None}, {"cookies": None}])
def test_parts_that_are_null_are_parts_left_out(
    change: dict[str, Json], classifier: Classifier, settings: Settings
) -> None:
    response: Any = answer(read_payload("function_url_post") | change, classifier, settings)
    assert response["statusCode"] == 200


def test_an_object_as_body_in_a_console_test_is_its_json(classifier: Classifier, settings: Settings) -> None:
    response: Any = answer(post_event(None) | {"body": {"text": GOAL}}, classifier, settings)
    assert json.loads(response["body"])["label"] == "Sports"


def test_the_answer_over_http_is_the_direct_one(classifier: Classifier, settings: Settings) -> None:
    event: Json = {"texts": [GOAL, "", {"id": 7, "title": OIL}], "top_k": 4, "min_score": 0.9}
    response: Any = answer(post_event(json.dumps(event)), classifier, settings)
    assert json.loads(response["body"]) == answer(event, classifier, settings)


def test_time_that_ran_out_is_503_for_one_text_and_an_item_s_error_in_a_list(
    classifier: Classifier, settings: Settings
) -> None:
    assert status_and_error(answer(post_event(json.dumps(GOAL)), classifier, settings, deadline=0))[:2] == (
        503,
        "DeadlineError",
    )
    response: Any = answer(post_event(json.dumps([GOAL])), classifier, settings, deadline=0)
    assert response["statusCode"] == 200
    assert json.loads(response["body"])["predictions"][0]["error"]["type"] == "DeadlineError"
