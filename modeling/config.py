"""Judge a checkpoint by its config.json and its tokenizer's kind, before anything heavy is imported or installed.

Only the standard library and `agnews` are imported, so what cannot be baked is refused at once, with what can.
"""

import argparse
import csv
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from agnews.labels import LABELS, MAX_LABELS, MIN_LABELS, label_problem
from agnews.settings import ENGINES, EngineName
from modeling.errors import SourceError

NAME = "config.json"
WEIGHTS = ("model.safetensors", "pytorch_model.bin")
"""By preference: safetensors cannot hold anything but numbers."""

INT8 = {"DistilBertForSequenceClassification": "distilbert", "BertForSequenceClassification": "bert"}
"""Architectures that bake for both engines, with their `model_type`."""
PIPELINE = {"ElectraForSequenceClassification": "electra"}
"""Architectures that bake for the pipeline engine only."""
WHAT_BAKES = f"{' and '.join(INT8)} bake to int8, {' and '.join(PIPELINE)} with --engine pipeline"

AG_NEWS = {
    "world": "World",
    "sports": "Sports",
    "sport": "Sports",
    "business": "Business",
    "scitech": "Sci/Tech",
    "sciencetech": "Sci/Tech",
    "sciencetechnology": "Sci/Tech",
    "scienceandtechnology": "Sci/Tech",
    "technology": "Sci/Tech",
}
"""Letters of a label's name, lower case, to the topic. "Technology" is safe only because all four must be there."""
_PLACEHOLDER = re.compile(r"LABEL_?\d+", re.IGNORECASE)
"""What transformers calls an output that nobody named."""
_MOST_SHOWN = 8


class Judged(NamedTuple):
    """A checkpoint that can be baked, as its config.json describes it."""

    facts: dict[str, Any]
    """config.json as it is."""
    architecture: str
    model_type: str
    labels: tuple[str, ...]
    order: tuple[int, ...]
    """For each of `labels`, the output that computes it."""


def read_facts(path: Path) -> dict[str, Any]:
    """Return what a config.json says. Raises SourceError if it cannot be read, or is no JSON object."""
    try:
        return parsed(path.read_bytes())
    except OSError as error:
        reason = "" if isinstance(error, FileNotFoundError) else f" ({error.strerror})"
        raise SourceError(
            f"cannot read {path}{reason}; expected a folder as transformers' save_pretrained writes it"
        ) from error
    except ValueError as error:
        raise SourceError(f"{path} is {error}; save the model again with save_pretrained") from error


def parsed(content: bytes) -> dict[str, Any]:
    """Return the object in a JSON text. Raises ValueError for anything else; it says "not JSON" or "not an object"."""
    try:
        facts = json.loads(content)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON (line {error.lineno}, column {error.colno})") from error
    except UnicodeDecodeError as error:
        raise ValueError("not JSON (not UTF-8)") from error
    except RecursionError as error:
        raise ValueError("not JSON (nested too deeply)") from error
    if not isinstance(facts, dict):
        raise ValueError("not an object in JSON, {…}")
    return facts


def judge_folder(
    folder: Path, engines: Sequence[EngineName] = ("pipeline",), labels: Sequence[str] | None = None
) -> Judged:
    """Return what `judge` says of the folder's config.json.

    Raises:
        SourceError: as `judge` does; or the tokenizer is none that the engines can read, or there are no weights.
    """
    judged = judge(read_facts(folder / NAME), str(folder / NAME), engines, labels)
    weights_file(folder)
    _check_tokenizer(folder)
    return judged


def judge(
    facts: dict[str, Any], where: str, engines: Sequence[EngineName] = ENGINES, labels: Sequence[str] | None = None
) -> Judged:
    """Return the checkpoint that `facts` describe; messages call them `where`. `labels`: the outputs' names, if given.

    Raises:
        SourceError: one of `engines` cannot compute it, it gives a text several labels, or its labels have no names.
    """
    architecture, model_type = _architecture(facts, where)
    problem_type = facts.get("problem_type")
    if problem_type not in (None, "single_label_classification"):
        raise SourceError(
            f"{where} is for {problem_type}, whose outputs are no probabilities of one label per text; "
            "choose or train a checkpoint for single_label_classification"
        )
    if "onnx" in engines:
        _check_int8(facts, where, architecture)
    names, order = _labels(facts, where, labels)
    return Judged(facts, architecture, model_type, names, order)


def _architecture(facts: dict[str, Any], where: str) -> tuple[str, str]:
    known = INT8 | PIPELINE
    by_type = {model_type: architecture for architecture, model_type in known.items()}
    model_type = str(facts.get("model_type", "no model_type"))
    stated = facts.get("architectures") or [by_type.get(model_type, model_type)]
    name = str(stated[0] if isinstance(stated, list) else stated)
    if name in known and facts.get("model_type", known[name]) != known[name]:
        raise SourceError(f"{where} describes {name} with the model_type {model_type}; correct one of them")
    if name not in known:
        raise SourceError(
            f"{where} describes {name}, which is not supported; {WHAT_BAKES}; or train one (docs/own-model.md)"
        )
    return name, known[name]


def _check_int8(facts: dict[str, Any], where: str, architecture: str) -> None:
    """Raise SourceError if the int8 graph cannot compute it."""
    activation = facts.get("activation" if INT8.get(architecture) == "distilbert" else "hidden_act", "gelu")
    positions = facts.get("position_embedding_type", "absolute")
    fault = None
    if architecture not in INT8:
        fault = f"{architecture} has no int8 form"
    elif activation != "gelu":
        fault = f"the activation {activation} has no int8 form"
    elif positions != "absolute":
        fault = f"{positions} positions have no int8 form"
    if fault:
        raise SourceError(f"{where}: {fault}; bake it with --engine pipeline")


def _labels(facts: dict[str, Any], where: str, given: Sequence[str] | None) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """Return the labels, and for each the output that computes it. AG News' are put in AG News' order."""
    stated = _stated(facts, where)
    if not MIN_LABELS <= len(stated) <= MAX_LABELS:
        noun = "output" if len(stated) == 1 else "outputs"
        raise SourceError(f"{where} has {len(stated):,} {noun}; {MIN_LABELS} to {MAX_LABELS} are possible")
    if given is not None and len(given) != len(stated):
        raise SourceError(f"--labels names {len(given)} labels, {where} has {len(stated)} outputs; name each of them")
    names = stated if given is None else [name.strip() for name in given]
    if [name.upper() for name in names] == [f"LABEL_{index}" for index in range(len(LABELS))]:
        return LABELS, tuple(range(len(LABELS)))
    _check_names(names, where, given is not None)
    topics = [AG_NEWS.get("".join(filter(str.isalnum, name.lower())), "") for name in names]
    if sorted(topics) == sorted(LABELS):
        return LABELS, tuple(topics.index(label) for label in LABELS)
    return tuple(names), tuple(range(len(names)))


def _check_names(names: Sequence[str], where: str, are_given: bool) -> None:
    """Raise SourceError for names that say nothing or cannot be. `are_given`: they are those of --labels."""
    placeholder = next((name for name in names if _PLACEHOLDER.fullmatch(name)), None)
    problem = label_problem(names)
    if are_given and (placeholder or problem):
        raise SourceError(f"--labels: {problem or f'{placeholder} says nothing'}; give each output a name of its own")
    if placeholder:
        raise SourceError(
            f"{where} does not name its {len(names)} labels ({_shown(names)}); name them in the order of the outputs: "
            "--labels a,b,c"
        )
    if problem:
        raise SourceError(
            f"{where} has {len(names)} labels ({_shown(names)}): {problem}; correct id2label or name them with --labels"
        )


def _stated(facts: dict[str, Any], where: str) -> list[str]:
    """Return the outputs' names by config.json: transformers' own, LABEL_0 and so on, where it gives only a number."""
    id2label = facts.get("id2label")
    try:
        if id2label is None:
            return [f"LABEL_{index}" for index in range(int(facts.get("num_labels", 2)))]
        by_index = {int(index): str(name).strip() for index, name in id2label.items()}
    except (AttributeError, TypeError, ValueError) as error:
        raise SourceError(
            f"{where} has an id2label or num_labels that is not readable; "
            'expected "id2label": {"0": "first label", "1": "second label"}'
        ) from error
    if sorted(by_index) != list(range(len(by_index))):
        raise SourceError(f"{where} has an id2label that does not number its labels 0, 1, 2, …; correct it")
    return [by_index[index] for index in range(len(by_index))]


def _shown(names: Sequence[str]) -> str:
    return ", ".join(name[:30] for name in names[:_MOST_SHOWN]) + (", …" if len(names) > _MOST_SHOWN else "")


def names_of(labels: Sequence[str]) -> dict[str, Any]:
    """Return the entries of a config.json that name a model's outputs."""
    return {"id2label": dict(enumerate(labels)), "label2id": {label: index for index, label in enumerate(labels)}}


def labels_in(line: str) -> tuple[str, ...]:
    """Return the labels in one line of CSV, without blanks around them. Raises ArgumentTypeError."""
    try:
        (labels,) = csv.reader([line], skipinitialspace=True, strict=True)
    except (ValueError, csv.Error) as error:
        raise argparse.ArgumentTypeError(f"expected labels with commas between them, found {line!r}") from error
    return tuple(label.strip() for label in labels)


def weights_file(folder: Path) -> Path:
    """Return the file that holds the weights. Raises SourceError where there is none."""
    for name in WEIGHTS:
        if (folder / name).exists():
            return folder / name
    is_split = any(folder.glob("*.index.json"))
    advice = "it is split into shards, save it as one file" if is_split else "save the model with save_pretrained"
    raise SourceError(f"{folder} has no {' or '.join(WEIGHTS)}; {advice}")


def _check_tokenizer(folder: Path) -> None:
    """Raise SourceError if tokenizer.json is not WordPiece."""
    path = folder / "tokenizer.json"
    if not path.exists():
        return  # modeling.tokens reads vocab.txt, or says that it is missing
    try:
        kind = parsed(path.read_bytes())["model"]["type"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # modeling.tokens says what is wrong
    if kind != "WordPiece":
        raise SourceError(f"{path} is of type {kind}; the engines read WordPiece only, so choose a checkpoint with it")
