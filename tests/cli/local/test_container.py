import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from agnews.api.values import Json
from agnews.cli.local.container import LOG, PAYLOAD_BYTES, Container, LambdaHandler, LocalContext
from agnews.cli.local.server import LocalServer
from tests.support.local_lambda import PATH, PATIENCE_S, request


@contextmanager
def serving(handler: LambdaHandler, timeout_s: float = 60) -> Iterator[str]:
    """Serve `handler` from this process and yield the URL."""
    with LocalServer(("127.0.0.1", 0), Container(handler, timeout_s)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_invocations_run_one_at_a_time() -> None:
    running = threading.Semaphore(1)

    def handler(event: Json, context: LocalContext) -> Mapping[str, object]:
        alone = running.acquire(blocking=False)
        threading.Event().wait(0.02)
        running.release()
        return {"alone": alone}

    with serving(handler) as url, ThreadPoolExecutor(8) as clients:
        assert all(clients.map(lambda _: request(url)[2]["alone"], range(16)))


def test_the_log_of_an_invocation_has_nothing_of_one_that_runs_beside_it() -> None:
    def handler(event: Json, context: LocalContext) -> Mapping[str, object]:
        if event == "outer":
            with ThreadPoolExecutor(1) as clients:
                clients.submit(container.invoke, "inner", "function", exclusive=False).result(PATIENCE_S)
        LOG.info("%s ran", event)
        return {}

    container = Container(handler, timeout_s=60)
    log = container.invoke("outer", "function").log
    assert ("outer ran" in log, "inner ran" in log) == (True, False)


def test_an_event_invocation_runs_after_its_answer() -> None:
    answered, ran = threading.Event(), threading.Event()

    def handler(event: Json, context: LocalContext) -> Mapping[str, object]:
        assert answered.wait(PATIENCE_S)
        ran.set()
        return {}

    with serving(handler) as url:
        assert request(url, headers={"X-Amz-Invocation-Type": "Event"})[0] == 202
        answered.set()
        assert ran.wait(PATIENCE_S)


@pytest.mark.parametrize(
    ("answer", "error_type"),
    [
        ({"score": float("nan")}, "Runtime.MarshalError"),
        ({"score": float("inf")}, "Runtime.MarshalError"),
        ({"score": object()}, "Runtime.MarshalError"),
        ({"id": "\ud800"}, "Runtime.MarshalError"),
        ({"text": "a" * (PAYLOAD_BYTES + 100)}, "Function.ResponseSizeTooLarge"),
    ],
    ids=["nan", "infinity", "object", "surrogate", "too-large"],
)
def test_an_answer_that_lambda_would_refuse_is_a_function_error(answer: dict[str, object], error_type: str) -> None:
    with serving(lambda event, context: answer) as url:
        status, headers, answered = request(url)
    assert (status, headers["x-amz-function-error"], answered["errorType"]) == (200, "Unhandled", error_type)


def test_the_context_is_lambdas() -> None:
    def handler(event: Json, context: LocalContext) -> Mapping[str, object]:
        left_ms = context.get_remaining_time_in_millis()
        return {
            "arn": context.invoked_function_arn,
            "name": context.function_name,
            "fresh": 0 < left_ms <= 60_000,
            "id": len(context.aws_request_id),
        }

    with serving(handler) as url:
        answer = request(url, path=PATH.replace("/function/", "/news/"))[2]
        aliased = request(url, path=PATH.replace("/function/", "/news%3Alive/"))[2]
    arn = "arn:aws:lambda:us-east-1:012345678912:function:news"
    assert answer == {"arn": arn, "name": "news", "fresh": True, "id": 36}
    assert (aliased["arn"], aliased["name"]) == (f"{arn}:live", "news")


def test_a_passed_timeout_leaves_no_time() -> None:
    with serving(lambda event, context: {"left": context.get_remaining_time_in_millis()}, timeout_s=0) as url:
        assert request(url)[2] == {"left": 0}
