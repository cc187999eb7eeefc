"""One log line per invocation, from which CloudWatch also reads metrics (embedded metric format, EMF).

Lambda's JSON log format puts `extra` beside `message` and `requestId`, where EMF expects `_aws` and the values, so the
metrics need no call and no second line. They need LogFormat JSON.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import zip_longest

from agnews.api.answer import Answer
from agnews.api.request import Item
from agnews.function.names import names_of
from agnews.model.classifier import Classifier, ComputeTime
from agnews.settings import Settings

LOG = logging.getLogger("agnews")
COUNTED = ("Headlines", "Errors", "Truncated", "Unfamiliar", "Abstained")
"""Counters of an invocation's texts, beside those of label_metrics. Zeros are logged, too."""
UNITS = {
    **dict.fromkeys(COUNTED, "Count"),
    "LargestShare": "None",
    "MeanScore": "None",
    "TokenizeMilliseconds": "Milliseconds",
    "InferenceMilliseconds": "Milliseconds",
    "ColdStarts": "Count",
    "Returned": "Count",
}
"""The metrics that do not depend on the labels, and their units. Milliseconds are summed over workers."""
MAX_LABEL_METRICS = 10
OTHER = "Other"
"""Counts the labels after the first MAX_LABEL_METRICS: each metric costs money."""
RECENT_TEXTS = 100
"""LargestShare is that of so many labelled texts, or of an invocation's if they are more. Of one text it would be 1."""
MAX_TEXTS = 100
MAX_TEXT_CHARS = 300
"""Limits for texts in a line, which keep it far below CloudWatch's maximum."""


def label_metrics(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the metrics that count the first MAX_LABEL_METRICS labels, and OTHER if there are more.

    They begin with a capital letter, unlike the fields that Python's logging and Lambda have in a log line.
    """
    others = (OTHER,) if len(labels) > MAX_LABEL_METRICS else ()
    return (*names_of(labels[:MAX_LABEL_METRICS], taken=(*UNITS, "FunctionName", *others)), *others)


class Observation:
    """What one invocation did. Filled in while the event is answered."""

    def __init__(self, keeps_texts: bool = False) -> None:
        self.keeps_texts = keeps_texts
        self.event_source = "unknown"
        self.status: int | None = None
        """The status of an HTTP reply."""
        self.error_type: str | None = None
        self.returned: int | None = None
        """Records left for a retry: not classified in time, or their result was not accepted."""
        self.counts: Counter[str] = Counter()
        self.labels: list[str] = []
        """The labels of the texts that have one, in order."""
        self.score_sum = 0.0
        self.texts: list[dict[str, object]] = []

    def add(self, items: Sequence[Item], answers: Sequence[Answer]) -> None:
        """Count the answers to some items."""
        self.counts["Headlines"] += len(answers)
        for item, answer in zip(items, answers, strict=True):
            if "error" in answer:
                self.counts["Errors"] += 1
                continue
            self.counts["Truncated"] += answer["truncated"]
            self.counts["Unfamiliar"] += answer.get("unfamiliar", False)
            self.counts["Abstained"] += answer.get("abstained", False)
            self.score_sum += answer["score"]
            if answer["label"] is not None:
                self.labels.append(answer["label"])
            if self.keeps_texts and item.text is not None and len(self.texts) < MAX_TEXTS:
                text = item.text[:MAX_TEXT_CHARS]
                self.texts.append({"text": text, "label": answer["label"], "score": answer["score"]})


class Observer:
    """Logs one line per invocation of a container."""

    def __init__(self, classifier: Classifier, settings: Settings) -> None:
        self._classifier, self._settings = classifier, settings
        self._cold = True
        names = label_metrics(classifier.labels)
        self._metrics = dict(zip_longest(classifier.labels, names, fillvalue=OTHER))
        self._recent: list[str] = []

    @contextmanager
    def observe(self, function_name: str) -> Iterator[Observation]:
        """Yield the Observation to fill in, and log it at the end, also if the invocation raises."""
        observation = Observation(self._settings.log_texts)
        before = self._classifier.compute_time
        try:
            yield observation
        except Exception as error:
            observation.error_type = type(error).__name__
            raise
        finally:
            if LOG.isEnabledFor(logging.INFO):
                values = self._values(observation, self._classifier.compute_time.since(before))
                LOG.info("invocation", extra=log_fields(observation, values, self._settings, function_name))
            self._cold = False

    def _values(self, observation: Observation, computed: ComputeTime) -> dict[str, float]:
        """Return the metrics of an invocation that apply to it, by name."""
        values: dict[str, float] = {name: observation.counts[name] for name in COUNTED if observation.counts}
        if observation.counts:
            values |= dict.fromkeys(self._metrics.values(), 0)
        for label, texts in Counter(observation.labels).items():
            values[self._metrics[label]] += texts
        values["TokenizeMilliseconds"] = round(computed.tokenize_s * 1000, 3)
        values["InferenceMilliseconds"] = round(computed.inference_s * 1000, 3)
        values["ColdStarts"] = int(self._cold)
        if observation.returned is not None:
            values["Returned"] = observation.returned
        scored = observation.counts["Headlines"] - observation.counts["Errors"]
        if scored:
            values["MeanScore"] = round(observation.score_sum / scored, 4)
        if observation.labels:
            values["LargestShare"] = self._largest_share(observation.labels)
        return values

    def _largest_share(self, labels: Sequence[str]) -> float:
        """Return the most frequent label's share of the container's latest labelled texts, which end with `labels`."""
        self._recent = [*self._recent, *labels][-max(RECENT_TEXTS, len(labels)) :]
        return round(max(Counter(self._recent).values()) / len(self._recent), 4)


def log_fields(
    observation: Observation, values: Mapping[str, float], settings: Settings, function_name: str
) -> dict[str, object]:
    """Return the fields of the log line: EMF's directive, dimension and values, and the other facts."""
    metrics = [{"Name": name, "Unit": UNITS.get(name, "Count")} for name in values]
    directive = {"Namespace": settings.metrics_namespace, "Dimensions": [["FunctionName"]], "Metrics": metrics}
    facts = {
        "eventSource": observation.event_source,
        "httpStatus": observation.status,
        "refusedWith": observation.error_type,
        "texts": observation.texts or None,
    }
    return {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
        "FunctionName": function_name,
        **{name: value for name, value in facts.items() if value is not None},
        **values,
    }
