"""64 clients of `agnews serve` at once: each request gets its own answer."""

import http.client
import json
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from agnews.api.answer import answers
from agnews.api.options import Options
from agnews.api.request import Request, read_items
from agnews.model.classifier import load
from agnews.settings import Settings
from benchmarks.trust.ledger import ROOT, Outcome, Part
from benchmarks.trust.soak import sentence

CLIENTS = 64
SETTINGS = Settings(workers=1)
EDGE = 0.01
TEXTS = 400
"""Different texts, whose labels are known."""
PATIENCE_S = 300


@contextmanager
def served() -> Iterator[int]:
    """Yield the port of `agnews serve` in a process of its own."""
    command = [sys.executable, "-m", "agnews", "serve", "--port", "0"]
    process = subprocess.Popen(  # noqa: S603
        command,
        cwd=ROOT,
        env=os.environ | {"AGNEWS_WORKERS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout
        try:
            yield int(process.stdout.readline().split()[1].rpartition(":")[2])
        finally:
            process.terminate()


def known_texts(number: int) -> list[tuple[str, str]]:
    """Return texts, and the label of each. In a list, scores may differ by 0.001, so no text is on the edge."""
    chance = random.Random(number)
    request = Request(read_items([f"{sentence(chance)} {index}" for index in range(TEXTS)], SETTINGS), Options(top_k=2))
    known = []
    for item, answer in zip(request.items, answers(request, load(SETTINGS), SETTINGS), strict=True):
        if item.error is not None:
            continue  # a sentence without a word, such as `7% 12`
        first, second = answer["scores"].values()
        if first - second > EDGE:
            known.append((item.sent or "", answer["label"] or ""))
    return known


def client(port: int, known: Sequence[tuple[str, str]], name: int, requests: int, failures: list[str]) -> None:
    """Send requests over one connection, and note each answer that is not the right one."""
    chance = random.Random(name)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    for count in range(requests):
        items = [(f"{name}-{count}-{place}", *chance.choice(known)) for place in range(chance.choice((1, 1, 1, 3)))]
        body = json.dumps([{"id": identity, "title": text} for identity, text, _ in items])
        try:
            connection.request("POST", "/classify", body, {"content-type": "application/json"})
            reply = connection.getresponse()
            answer = json.loads(reply.read())
            answered = [(prediction["id"], prediction["label"]) for prediction in answer["predictions"]]
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
            failures.append(f"{type(error).__name__}: {error} for {body}")
            connection.close()
            continue
        if answered != [(identity, label) for identity, _, label in items]:
            failures.append(f"{answered} for {body}")
    connection.close()


def crowded(number: int, inputs: int) -> Outcome:
    """Send so many requests from 64 clients at once."""
    failures: list[str] = []
    known = known_texts(number)
    with served() as port:
        shares = [len(range(place, inputs, CLIENTS)) for place in range(CLIENTS)]
        clients = [
            threading.Thread(target=client, args=(port, known, number * CLIENTS + place, share, failures))
            for place, share in enumerate(shares)
        ]
        for thread in clients:
            thread.start()
        for thread in clients:
            thread.join()
    return Outcome(inputs, failures=tuple(failures))


PART = Part("connections", "requests over 64 connections at once", 25_000, 2_500, crowded)
