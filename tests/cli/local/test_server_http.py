import base64
import http.client
import json
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agnews.cli.local.container import PAYLOAD_BYTES
from tests.support.local_lambda import EVENT, PATH, PATIENCE_S, request, send_bytes


@pytest.mark.parametrize(
    "path", [PATH, PATH + "?Qualifier=%24LATEST", PATH.replace("/function/", "/my-agnews%3Aprod/")]
)
def test_an_event_is_answered_for_any_function_name(served_url: str, path: str) -> None:
    status, headers, answer = request(served_url, path=path)
    assert (status, answer["label"], headers["x-amz-executed-version"]) == (200, "Sports", "$LATEST")
    assert "x-amz-function-error" not in headers


def test_the_handlers_error_is_a_function_error(served_url: str) -> None:
    status, headers, answer = request(served_url, b'{"text": ""}')
    assert (status, headers["x-amz-function-error"]) == (200, "Unhandled")
    assert sorted(answer) == ["errorMessage", "errorType", "requestId", "stackTrace"]
    assert (answer["errorType"], answer["errorMessage"]) == ("InputError", "the text is empty; send at least one word")
    assert "lambda_handler" in answer["stackTrace"][0]


def test_an_empty_body_is_the_empty_event(served_url: str) -> None:
    _, _, answer = request(served_url, b"")
    assert "found an object with no keys" in answer["errorMessage"]


@pytest.mark.parametrize(("kind", "status"), [("RequestResponse", 200), ("Event", 202), ("DryRun", 204)])
def test_the_invocation_type_decides_the_status(served_url: str, kind: str, status: int) -> None:
    actual, _, answer = request(served_url, headers={"X-Amz-Invocation-Type": kind})
    assert (actual, answer is None) == (status, status != 200)


@pytest.mark.parametrize(
    "body",
    [
        b"{bad",
        b"NaN",
        b'{"text": Infinity}',
        b'{"text": "\xff"}',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b"[" * 100_000,
    ],
)
def test_a_payload_that_is_not_json_in_utf8_never_reaches_the_handler(served_url: str, body: bytes) -> None:
    status, headers, answer = request(served_url, body)
    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidRequestContentException")
    assert answer["Type"] == "User"
    assert answer["message"].startswith("Could not parse request body into json")


@pytest.mark.parametrize(
    ("body", "headers", "status", "error_type"),
    [
        (b" " * (PAYLOAD_BYTES + 1), {}, 413, "RequestTooLargeException"),
        (b" " * (PAYLOAD_BYTES * 3), {}, 413, "RequestTooLargeException"),
        (b" " * (1024 * 1024 + 1), {"X-Amz-Invocation-Type": "Event"}, 413, "RequestTooLargeException"),
        (EVENT, {"X-Amz-Invocation-Type": "Later"}, 400, "InvalidParameterValueException"),
        (EVENT, {"Content-Length": "-5"}, 400, "InvalidRequestContentException"),
        (EVENT, {"Content-Length": "7 apples"}, 400, "InvalidRequestContentException"),
        (EVENT, {"Content-Length": "\u00b2"}, 400, "InvalidRequestContentException"),
        (EVENT, {"Content-Length": ""}, 400, "InvalidRequestContentException"),
        (EVENT, {"Content-Length": "9" * 5000}, 400, "InvalidRequestContentException"),
        (EVENT, {"X-Amz-Log-Type": "Head"}, 400, "InvalidParameterValueException"),
    ],
)
def test_a_request_that_lambda_would_refuse_is_refused(
    served_url: str, body: bytes, headers: Mapping[str, str], status: int, error_type: str
) -> None:
    actual, reply_headers, answer = request(served_url, body, headers)
    assert (actual, reply_headers["x-amzn-errortype"], answer["Type"]) == (status, error_type, "User")


def test_the_largest_payload_is_read(served_url: str) -> None:
    assert request(served_url, EVENT.ljust(PAYLOAD_BYTES))[2]["label"] == "Sports"


def test_a_chunked_body_is_read(served_url: str) -> None:
    parts = (EVENT[:7], EVENT[7:])
    chunks = b"".join(f"{len(part):x}\r\n".encode() + part + b"\r\n" for part in parts) + b"0\r\n\r\n"
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    assert b'"label": "Sports"' in send_bytes(served_url, head + chunks)
    too_large = b"".join([f"{PAYLOAD_BYTES + 1:x}\r\n".encode(), b" " * (PAYLOAD_BYTES + 1), b"\r\n0\r\n\r\n"])
    assert send_bytes(served_url, head + too_large).startswith(b"HTTP/1.1 413 ")


def test_without_a_length_there_is_no_body(served_url: str) -> None:
    reply = send_bytes(served_url, f"POST {PATH} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert reply.startswith(b"HTTP/1.1 200 ")
    assert b"found an object with no keys" in reply


SECOND = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length : %d",
        b"Content-Length %d",
        b"Content\0-Length: %d",
        b"Transfer-Encoding : chunked, %d",
    ],
)
def test_the_body_of_a_malformed_request_is_not_taken_for_a_second_request(served_url: str, header: bytes) -> None:
    head = b"GET /health HTTP/1.1\r\nHost: x\r\n" + header % len(SECOND) + b"\r\n\r\n"
    reply = send_bytes(served_url, head + SECOND)
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert reply.count(b"HTTP/1.1") == 1
    assert b"connection: close" in reply.lower()


def test_the_body_of_a_get_is_not_taken_for_a_second_request(served_url: str) -> None:
    head = b"GET /health HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(SECOND)
    assert send_bytes(served_url, head + SECOND).count(b"HTTP/1.1 200") == 1
    assert send_bytes(served_url, SECOND + SECOND).count(b"HTTP/1.1 200") == 2


def test_a_client_that_waits_before_it_sends_the_body_is_told_to_go_on(served_url: str) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {len(EVENT)}\r\n\r\n".encode()
    host, _, port = served_url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as connection:
        connection.sendall(head)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(EVENT)
        assert connection.recv(65_536).startswith(b"HTTP/1.1 200 ")


def test_the_end_of_the_log_comes_with_the_answer_where_it_is_asked_for(served_url: str) -> None:
    assert "x-amz-log-result" not in request(served_url)[1]
    _, headers, _ = request(served_url, headers={"X-Amz-Log-Type": "Tail"})
    log = base64.b64decode(headers["x-amz-log-result"]).decode()
    first, logged, end, report = log.splitlines()
    assert (first.split()[0], end.split()[0], report.split()[0]) == ("START", "END", "REPORT")
    assert json.loads(logged)["Sports"] == 1


@pytest.mark.parametrize(
    ("function", "query", "version"),
    [("agnews", "", "$LATEST"), ("agnews:live", "", "$LATEST"), ("agnews", "?Qualifier=7", "7"), ("agnews:7", "", "7")],
)
def test_a_function_is_named_with_or_without_a_qualifier(
    served_url: str, function: str, query: str, version: str
) -> None:
    path = PATH.replace("/function/", f"/{function}/") + query
    assert request(served_url, path=path)[1]["x-amz-executed-version"] == version


@pytest.mark.parametrize(
    "path", ["agnews:live/invocations?Qualifier=7", "ag%20news/invocations", "a/invocations?Qualifier=%2F"]
)
def test_a_function_s_name_or_qualifier_that_cannot_be_one_is_refused(served_url: str, path: str) -> None:
    status, headers, _ = request(served_url, path=f"/2015-03-31/functions/{path}")
    assert (status, headers["x-amzn-errortype"]) == (400, "InvalidParameterValueException")


def test_two_content_lengths_are_refused(served_url: str) -> None:
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{{}} "
    assert send_bytes(served_url, head.encode()).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method_is_refused_as_lambda_does(served_url: str, method: str) -> None:
    status, headers, answer = request(served_url, None, method=method)
    assert (status, headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert PATH in answer["message"]


def test_head_is_answered_without_a_body(served_url: str) -> None:
    status, _, answer = request(served_url, None, method="HEAD")
    assert (status, answer) == (403, None)


@pytest.mark.parametrize("path", [PATH + "/", "/2015-03-31/functions//invocations", "/2015-03-31/"])
def test_an_unknown_path_of_the_api_is_refused_as_lambda_does_with_the_known_one(served_url: str, path: str) -> None:
    status, headers, answer = request(served_url, path=path)
    assert (status, headers["x-amzn-errortype"]) == (403, "AccessDeniedException")
    assert PATH in answer["message"]


@pytest.mark.parametrize("path", ["/favicon.ico", "//[", "/classify/more", "/%00", "/%ff"])
def test_every_other_path_is_the_function_s_own(served_url: str, path: str) -> None:
    status, _, answer = request(served_url, path=path)
    assert (status, answer["error"]["type"]) == (404, "HttpError")


def test_a_function_url_s_request_gets_the_handler_s_answer_headers_and_all(served_url: str) -> None:
    status, headers, answer = request(
        served_url, EVENT, path="/classify?a=1&a=2", headers={"content-type": "application/json"}
    )
    assert (status, answer["label"]) == (200, "Sports")
    assert headers["x-content-type-options"] == "nosniff"
    status, headers, _ = request(served_url, None, path="/health", method="HEAD")
    assert (status, headers["content-type"]) == (200, "application/json")
    assert int(headers["content-length"]) > 100


def test_one_connection_carries_many_requests_also_after_refusals(served_url: str) -> None:
    connection = http.client.HTTPConnection(served_url.removeprefix("http://"), timeout=PATIENCE_S)
    statuses = []
    for path, body in ((PATH, EVENT), ("/nowhere", EVENT), (PATH, b"{bad"), (PATH, EVENT)):
        connection.request("POST", path, body)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)
    connection.close()
    assert statuses == [200, 404, 400, 200]


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST ", f"POST {PATH} HTTP/1.1\r\nContent-Length: 500\r\n\r\n{{".encode(), b"\x16\x03\x01\x02\r\n\r\n"],
)
def test_a_client_that_hangs_up_is_survived(served_url: str, sent: bytes) -> None:
    send_bytes(served_url, sent)
    assert request(served_url)[0] == 200


def test_a_client_that_does_not_wait_for_the_answer_is_survived(served_url: str) -> None:
    host, _, port = served_url.removeprefix("http://").partition(":")
    event = json.dumps([f"Striker scores goal {number}" for number in range(100)]).encode()
    with socket.create_connection((host, int(port))) as connection:
        connection.sendall(f"POST {PATH} HTTP/1.1\r\nContent-Length: {len(event)}\r\n\r\n".encode() + event)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close() sends a reset
    assert request(served_url)[0] == 200


def test_many_clients_at_once_each_get_their_own_answer(served_url: str) -> None:
    def echoed_id(number: int) -> Any:
        event = json.dumps([{"id": number, "text": "Striker scores"}]).encode()
        return request(served_url, event)[2]["predictions"][0]["id"]

    with ThreadPoolExecutor(16) as clients:
        assert list(clients.map(echoed_id, range(64))) == list(range(64))
