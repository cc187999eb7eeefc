"""The Python interface, `agnews.classify` and `agnews.load`: the function's answers without an event."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import overload

from agnews.api.answer import Answer, answers
from agnews.api.request import Item, Json, Request, read_item, read_options
from agnews.model.classifier import Classifier
from agnews.model.classifier import load as load_classifier
from agnews.settings import EngineName, Settings

Text = str | Mapping[str, Json]
"""A text, or as in an event an object with `text`, `headline` or `title`, and perhaps `description` and `id`."""


class NewsClassifier:
    """A model and its settings, loaded at the first use. Safe for threads, and for forks made after loading."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment
        self._loading = Lock()
        self._loaded: dict[int, tuple[Classifier, Settings]] = {}
        """By process id. A fork has none of the threads of its parent's model, and would hang if it freed that."""

    @overload
    def classify(  # type: ignore[overload-overlap]  # a str is an iterable of str, too
        self, texts: Text, *, top_k: int = 1, min_score: float = 0.0, explain: bool = False
    ) -> Answer: ...

    @overload
    def classify(
        self, texts: Iterable[Text], *, top_k: int = 1, min_score: float = 0.0, explain: bool = False
    ) -> list[Answer]: ...

    def classify(
        self, texts: Text | Iterable[Text], *, top_k: int = 1, min_score: float = 0.0, explain: bool = False
    ) -> Answer | list[Answer]:
        """Return the prediction for one text, or a list of them for several, in their order.

        One of several texts that cannot be classified has `error` instead of `label` and `score`.

        Args:
            texts: one or more strings, or mappings with `text`, `headline` or `title` (and `description`, `id`).
            top_k: 1 to 4; above 1, predictions list the scores of that many topics.
            min_score: 0 to 1; below it the label is None and `abstained` is True.
            explain: whether predictions say what each word contributed to the score.

        Raises:
            InputError: the one text cannot be classified, or an option has a bad value.
            LimitError: `explain` is set, and there are more words to explain than AGNEWS_MAX_TEXTS.
            ModelError, SettingsError: as `load`, at the first use.
        """
        options = read_options({"top_k": top_k, "min_score": min_score, "explain": explain})
        classifier, settings = self._load()
        if isinstance(texts, Iterable) and not isinstance(texts, str | bytes | Mapping):
            return answers(Request(tuple(_item(text, settings) for text in texts), options), classifier, settings)
        item = _item(texts, settings)
        if item.error is not None:
            raise item.error
        return answers(Request((item,), options), classifier, settings)[0]

    def _load(self) -> tuple[Classifier, Settings]:
        """Return the model and its settings, loaded once per process."""
        process = os.getpid()
        with self._loading:
            if process not in self._loaded:
                settings = Settings.from_environment(self._environment)
                self._loaded[process] = load_classifier(settings), settings
            return self._loaded[process]


def _item(text: Text, settings: Settings) -> Item:
    # Rows of a DataFrame may have numbers for keys.
    return read_item({str(key): text[key] for key in text} if isinstance(text, Mapping) else text, settings)


def load(*, engine: EngineName | None = None, model_dir: str | Path | None = None) -> NewsClassifier:
    """Return a classifier that is loaded now, to keep.

    Args:
        engine: `onnx` or `pipeline`; None: AGNEWS_ENGINE, or else `onnx`.
        model_dir: a folder that download_model.py baked; None: AGNEWS_MODEL_DIR, or else the embedded model.

    Raises:
        ModelError: the checkpoint is missing, damaged or not baked for the engine.
        SettingsError: there is no such engine, or an AGNEWS_ environment variable has a bad value.
    """
    chosen = {"AGNEWS_ENGINE": engine, "AGNEWS_MODEL_DIR": model_dir}
    given = {name: str(value) for name, value in chosen.items() if value is not None}
    classifier = NewsClassifier({**os.environ, **given})
    classifier._load()
    return classifier


classify = NewsClassifier().classify
