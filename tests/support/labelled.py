"""Baked checkpoints (model_cache/ folders) with any labels, tiny and written at once: one word of a text decides.

Written with `onnx` alone, so that no test of labels needs torch.
"""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

from agnews.labels import MAX_LABELS
from agnews.model.checkpoint import FORMAT, MANIFEST, FileFacts, sha256
from agnews.model.engines.onnx import INPUTS, OUTPUT
from agnews.model.familiarity import FOREIGN_WORDS
from modeling.headlines import headlines
from modeling.tokens import SPECIAL, write_split
from tests.support.requirement import require_module

ODD = ("Politics, local", 'So-called "life"', "Öl & Gas", "=1+1", "⚽ Fußball", "x" * 64, "a\\b", "#5")
"""Names that break what does not quote them."""
FIVE = ("Politics", "Health", "Travel", "Food", "Weather")
THIRTY = tuple(f"Section {number}" for number in range(1, 31))
HUNDRED = tuple(f"Section {number}" for number in range(1, MAX_LABELS + 1))
LOGIT = 6.0
"""What one word adds to its label's logit. With five labels, that is a score of 0.99, and with 100 one of 0.80."""
MAX_LENGTH = 32
MIN_WORD_CHARS = 4


def headline_about(label: int) -> str:
    """Return a headline that gets the label with this index."""
    return f"More about {_topic_words()[label]}"


def write_labelled(folder: Path, labels: Sequence[str]) -> Path:
    """Write a checkpoint with these labels for the onnx engine, and return the folder."""
    require_module("onnx")
    from modeling.graph import Graph, save  # here, because a lean environment has no onnx

    folder.mkdir(parents=True)
    write_split(_tokenizer(), folder)
    table = np.zeros((len(_vocabulary()), len(labels)), dtype=np.int8)
    for label, word in zip(range(len(labels)), _topic_words(), strict=False):
        table[_vocabulary().index(word), label] = 127
    graph = Graph()
    rows = graph.to_float(graph.add("Gather", [graph.constant(table), INPUTS[0]]))
    sums = graph.add("ReduceSum", [rows, graph.ints(1)], keepdims=0)
    graph.add("Mul", [sums, graph.constant(np.array(LOGIT / 127, dtype=np.float32))], output=OUTPUT)
    save(graph.model(INPUTS[0], OUTPUT, len(labels)), folder / "model.onnx")
    files: dict[str, FileFacts] = {
        path.name: {"sha256": sha256(path), "bytes": path.stat().st_size} for path in sorted(folder.iterdir())
    }
    facts = {"format": FORMAT, "source": "labelled", "revision": f"{len(labels)} labels"}
    manifest = facts | {"labels": list(labels), "max_length": MAX_LENGTH, "temperature": 1.0, "files": files}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return folder


@cache
def _words() -> list[str]:
    """Return the words of the generated headlines, in order."""
    splitter = pre_tokenizers.BertPreTokenizer()
    return sorted({word for text in headlines(600) for word, _ in splitter.pre_tokenize_str(text.lower())})


@cache
def _topic_words() -> list[str]:
    """Return a word for each label that there can be, none of them among the first words of a headline."""
    foreign = FOREIGN_WORDS.split()
    long = [word for word in _words() if word.isalpha() and len(word) >= MIN_WORD_CHARS and word not in foreign]
    return [word for word in long if word not in ("more", "about")][:MAX_LABELS]


@cache
def _vocabulary() -> list[str]:
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,-'%"
    pieces = {*letters, *(f"##{letter}" for letter in letters), "more", "about"}
    return [*SPECIAL, *sorted(pieces.union(_words()))]


def _tokenizer() -> Tokenizer:
    ids = {word: index for index, word in enumerate(_vocabulary())}
    tokenizer = Tokenizer(WordPiece(ids, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    tokenizer.add_special_tokens(list(SPECIAL))
    return tokenizer
