"""One log line per invocation, from which CloudWatch also reads metrics (embedded metric format, EMF).

Lambda's JSON log format puts `extra` beside `message` and `requestId`, where EMF expects `_aws` and the values, so the
metrics need no call and no second line. They need LogFormat JSON.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from agnews.api.answer import Answer
from agnews.api.request import Item
from agnews.labels import LABELS
from agnews.model.classifier import Classifier, ComputeTime
from agnews.settings import Settings

LOG = logging.getLogger("agnews")
COUNTED = ("Headlines", "Errors", "Truncated", "Unfamiliar", "Abstained", *(label.replace("/", "") for label in LABELS))
"""Counters of an invocation's texts; those of a topic count the texts with that label. Zeros are logged, too."""
UNITS = {
    **dict.fromkeys(COUNTED, "Count"),
    "MeanScore": "None",
    "TokenizeMilliseconds": "Milliseconds",
    "InferenceMilliseconds": "Milliseconds",
    "ColdStarts": "Count",
    "Returned": "Count",
}
"""All metrics and their units. Milliseconds are summed over workers."""
MAX_TEXTS = 100
MAX_TEXT_CHARS = 300
"""Limits for texts in a line, which keep it far below CloudWatch's maximum."""


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
                self.counts[answer["label"].replace("/", "")] += 1
            if self.keeps_texts and item.text is not None and len(self.texts) < MAX_TEXTS:
                text = item.text[:MAX_TEXT_CHARS]
                self.texts.append({"text": text, "label": answer["label"], "score": answer["score"]})


class Observer:
    """Logs one line per invocation of a container."""

    def __init__(self, classifier: Classifier, settings: Settings) -> None:
        self._classifier, self._settings = classifier, settings
        self._cold = True

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
            cold, self._cold = self._cold, False
            if LOG.isEnabledFor(logging.INFO):
                computed = self._classifier.compute_time.since(before)
                fields = log_fields(observation, computed, self._settings, function_name, cold)
                LOG.info("invocation", extra=fields)


def log_fields(
    observation: Observation, computed: ComputeTime, settings: Settings, function_name: str, cold: bool
) -> dict[str, object]:
    """Return the fields of the log line: EMF's directive, dimension and values, and the other facts."""
    values = metric_values(observation, computed, cold)
    metrics = [{"Name": name, "Unit": unit} for name, unit in UNITS.items() if name in values]
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


def metric_values(observation: Observation, computed: ComputeTime, cold: bool) -> dict[str, object]:
    """Return the metrics of an invocation that apply to it, by name."""
    values: dict[str, object] = {
        **({name: observation.counts[name] for name in COUNTED} if observation.counts else {}),
        "TokenizeMilliseconds": round(computed.tokenize_s * 1000, 3),
        "InferenceMilliseconds": round(computed.inference_s * 1000, 3),
        "ColdStarts": int(cold),
    }
    if observation.returned is not None:
        values["Returned"] = observation.returned
    scored = observation.counts["Headlines"] - observation.counts["Errors"]
    if scored:
        values["MeanScore"] = round(observation.score_sum / scored, 4)
    return values
