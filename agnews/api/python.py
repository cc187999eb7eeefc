"""The Python interface, `agnews.classify` and `agnews.load`: the function's answers without an event."""

import operator
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any, overload

from agnews.api.answer import Answer, answers
from agnews.api.options import read_columns, read_options
from agnews.api.request import Request, read_item, read_items
from agnews.api.values import Json
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
        self,
        texts: Text,
        *,
        top_k: int = 1,
        min_score: float = 0.0,
        explain: bool = False,
        text_column: str | None = None,
        description_column: str | None = None,
        id_column: str | None = None,
    ) -> Answer: ...

    @overload
    def classify(
        self,
        texts: Iterable[Text],
        *,
        top_k: int = 1,
        min_score: float = 0.0,
        explain: bool = False,
        text_column: str | None = None,
        description_column: str | None = None,
        id_column: str | None = None,
    ) -> list[Answer]: ...

    def classify(
        self,
        texts: Text | Iterable[Text],
        *,
        top_k: int = 1,
        min_score: float = 0.0,
        explain: bool = False,
        text_column: str | None = None,
        description_column: str | None = None,
        id_column: str | None = None,
    ) -> Answer | list[Answer]:
        """Return the prediction for one text, or a list of them for several, in their order.

        One of several texts that cannot be classified has `error` instead of `label` and `score`.

        Args:
            texts: one or more strings, or mappings with `headline`, `title` or `text` (and `description`, `id`).
            top_k: 1 to the number of labels; above 1, predictions list the scores of that many topics.
            min_score: 0 to 1; below it the label is None and `abstained` is True.
            explain: whether predictions say what each word contributed to the score.
            text_column: the key of the text in mappings, if it is not `headline`, `title` or `text`.
            description_column: the key of the description.
            id_column: the key of the id.

        Raises:
            InputError: the one text cannot be classified, or an option has a bad value.
            LimitError: `explain` is set, and there are more words to explain than AGNEWS_MAX_TEXTS.
            ModelError, SettingsError: as `load`, at the first use.
        """
        given: dict[str, object] = {"top_k": top_k, "min_score": min_score, "explain": explain}
        given |= {"text_column": text_column, "description_column": description_column, "id_column": id_column}
        values = {name: _builtin(value) for name, value in given.items()}
        names = read_columns(values)
        classifier, settings = self._load()
        options = read_options(values, len(classifier.labels))
        rows = _rows(texts)
        if rows is not None:
            items = read_items(rows, settings._replace(max_texts=sys.maxsize), names)
            return answers(Request(items, options), classifier, settings)
        item = read_item(_value(texts), settings, names)
        if item.error is not None:
            raise item.error
        return answers(Request((item,), options), classifier, settings)[0]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that predictions have, in the checkpoint's order. Loads the model, as `classify` does."""
        return self._load()[0].labels

    def _load(self) -> tuple[Classifier, Settings]:
        """Return the model and its settings, loaded once per process."""
        process = os.getpid()
        with self._loading:
            if process not in self._loaded:
                settings = Settings.from_environment(self._environment)
                self._loaded[process] = load_classifier(settings), settings
            return self._loaded[process]


def _rows(texts: Any) -> list[Json] | None:
    """Return the values of several texts, None for one."""
    if isinstance(texts, str | bytes | Mapping):
        return None
    try:
        values = iter(texts)
    except TypeError:  # it is no iterable, or an array of NumPy without a dimension
        return None
    return list(map(_value, values))


def _value(text: Any) -> Json:
    """Return a text as JSON has it. Rows of a DataFrame may have numbers for keys."""
    return {str(key): _builtin(text[key]) for key in text} if isinstance(text, Mapping) else _builtin(text)


def _builtin(value: Any) -> Any:
    """Return a number of another type, such as NumPy's, as Python's own, and any other value as it is."""
    if value is None or isinstance(value, str | int | float):
        return value
    for method, convert in (("__index__", operator.index), ("__float__", float)):
        if hasattr(value, method):
            with suppress(TypeError, ValueError):
                return convert(value)
    return value


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
