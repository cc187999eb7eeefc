"""What an invocation did, as one log line that CloudWatch also reads metrics from (embedded metric format, EMF).

Lambda's JSON log format puts `extra` beside `message` and `requestId`, which is where EMF looks for `_aws` and the
values: so the metrics cost no call and no second line. Without LogFormat JSON there is no such line.
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
COUNTED = ("Headlines", "Errors", "Truncated", "Abstained", *(label.replace("/", "") for label in LABELS))
"""What is counted of an invocation's texts; a topic's are the headlines that were given it. Zeros are told, too."""
UNITS = {
    **dict.fromkeys(COUNTED, "Count"),
    "MeanScore": "None",
    "TokenizeMilliseconds": "Milliseconds",
    "InferenceMilliseconds": "Milliseconds",
    "ColdStarts": "Count",
    "Returned": "Count",
}
"""Every metric and its unit; milliseconds are summed over workers."""
TEXTS = 100
TEXT_CHARS = 300
"""What a line holds of the texts at most, so that it stays far below what CloudWatch takes."""


class Observed:
    """What one invocation did, filled in while it is answered."""

    def __init__(self, keeps_texts: bool = False) -> None:
        self.keeps_texts = keeps_texts
        self.event_source = "unknown"
        self.status: int | None = None
        """Of an HTTP reply."""
        self.error_type: str | None = None
        self.returned: int | None = None
        """Records that come back to their queue or stream: not answered, or their answer not accepted."""
        self.counts: Counter[str] = Counter()
        self.score_sum = 0.0
        self.texts: list[dict[str, object]] = []

    def add(self, items: Sequence[Item], found: Sequence[Answer]) -> None:
        """Counts the answers to some items."""
        self.counts["Headlines"] += len(found)
        for item, answer in zip(items, found, strict=True):
            if "error" in answer:
                self.counts["Errors"] += 1
                continue
            self.counts["Truncated"] += answer["truncated"]
            self.counts["Abstained"] += answer.get("abstained", False)
            self.score_sum += answer["score"]
            if answer["label"] is not None:
                self.counts[answer["label"].replace("/", "")] += 1
            if self.keeps_texts and item.text is not None and len(self.texts) < TEXTS:
                self.texts.append({"text": item.text[:TEXT_CHARS], "label": answer["label"], "score": answer["score"]})


class Observer:
    """Logs a line for each invocation of a container."""

    def __init__(self, classifier: Classifier, settings: Settings) -> None:
        self._classifier, self._settings = classifier, settings
        self._cold = True

    @contextmanager
    def watching(self, function_name: str) -> Iterator[Observed]:
        """What is to be filled in; logged at the end, whether or not the invocation raised."""
        observed = Observed(self._settings.log_texts)
        before = self._classifier.compute_time
        try:
            yield observed
        except Exception as error:
            observed.error_type = type(error).__name__
            raise
        finally:
            cold, self._cold = self._cold, False
            if LOG.isEnabledFor(logging.INFO):
                computed = self._classifier.compute_time.since(before)
                LOG.info("invocation", extra=line(observed, computed, self._settings, function_name, cold))


def line(
    observed: Observed, computed: ComputeTime, settings: Settings, function_name: str, cold: bool
) -> dict[str, object]:
    """The log line's fields: EMF's directive, its dimension and values, and what is told besides."""
    values: dict[str, object] = {
        **({name: observed.counts[name] for name in COUNTED} if observed.counts else {}),
        "TokenizeMilliseconds": round(computed.tokenize_s * 1000, 3),
        "InferenceMilliseconds": round(computed.inference_s * 1000, 3),
        "ColdStarts": int(cold),
    }
    if observed.returned is not None:
        values["Returned"] = observed.returned
    scored = observed.counts["Headlines"] - observed.counts["Errors"]
    if scored:
        values["MeanScore"] = round(observed.score_sum / scored, 4)
    metrics = [{"Name": name, "Unit": unit} for name, unit in UNITS.items() if name in values]
    directive = {"Namespace": settings.metrics_namespace, "Dimensions": [["FunctionName"]], "Metrics": metrics}
    told = {
        "eventSource": observed.event_source,
        "httpStatus": observed.status,
        "refusedWith": observed.error_type,
        "texts": observed.texts or None,
    }
    return {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
        "FunctionName": function_name,
        **{name: value for name, value in told.items() if value is not None},
        **values,
    }
