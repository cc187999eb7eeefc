"""A request is read in a share of the time that is left."""

import math
import time
from types import SimpleNamespace
from typing import Any

import pytest

from agnews.api.values import Json
from agnews.function.events.direct import Reading
from agnews.function.events.dispatch import answer
from agnews.model.classifier import Classifier
from agnews.settings import Settings
from tests.support.texts import GOAL


def test_texts_of_a_list_that_there_is_no_time_to_read_keep_their_place_and_id(
    classifier: Classifier, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agnews.api.request.normalise", lambda text: pytest.fail(text[:9]))
    items: list[Json] = [{"id": 7, "title": GOAL}, {"ID": [], "text": GOAL}, GOAL]
    reply: Any = answer({"Items": items}, classifier, settings, time.monotonic())
    assert [(item.get("id"), item["error"]["type"]) for item in reply["predictions"]] == [
        (7, "DeadlineError"),
        (None, "InputError"),
        (None, "DeadlineError"),
    ]


@pytest.mark.parametrize(("deadline", "reading"), [(1100.0, 1050.0), (999.0, 999.5), (math.inf, math.inf)])
def test_half_of_the_time_is_left_for_inferences(
    deadline: float, reading: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agnews.function.events.direct.time", SimpleNamespace(monotonic=lambda: 1000.0))
    assert Reading.until(deadline, Settings(), 4).deadline == reading
