"""A checkpoint's tokenizer: read from tokenizer.json or a BERT vocabulary, written as `agnews` reads it."""

import json
from pathlib import Path

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece

from agnews.errors import ModelError
from agnews.model import encode
from agnews.model.checkpoint import RULES, TOKENIZER_CONFIG, VOCABULARY
from modeling.errors import SourceError

MOST_SPARE = 256
"""Rows that an embedding may have beyond the tokens: some are padded to a multiple, for a GPU. More is a mistake."""
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_OPTIONS = {
    "do_lower_case": "lowercase",
    "strip_accents": "strip_accents",
    "tokenize_chinese_chars": "handle_chinese_chars",
}
"""The normalizer's options: their names in tokenizer_config.json, and those in tokenizer.json."""


_CLASSES = {
    "distilbert": "DistilBertTokenizer",
    "bert": "BertTokenizer",
    "electra": "ElectraTokenizer",
}
"""transformers' tokenizers by a model's type. They differ only in the inputs that they make beside the token ids."""


def read_tokenizer(folder: Path, rows: int) -> Tokenizer:
    """Return the tokenizer of `folder`, which neither pads nor truncates, for an embedding of `rows` tokens.

    A few rows may be spare, without a token; every token has a row.

    Raises:
        SourceError: there is none, it cannot be read, or it does not fit the embedding.
    """
    path = folder / "tokenizer.json"
    if path.exists():
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception as error:  # the library raises bare Exception
            raise SourceError(f"cannot read {path} ({error}); save it again with transformers") from error
    else:
        tokenizer = _word_pieces(folder)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    size = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1
    if not size <= rows <= size + MOST_SPARE:
        raise SourceError(
            f"{folder}: the tokenizer has {size:,} tokens, the model {rows:,}; they do not belong together"
        )
    if len(tokenizer.encode("").ids) != 2:
        raise SourceError(f"{path} does not put [CLS] and [SEP] around a text; save it again with transformers")
    return tokenizer


def _word_pieces(folder: Path) -> Tokenizer:
    path = folder / "vocab.txt"
    try:
        words = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot read {path} ({error}) and there is no tokenizer.json; save one of them") from error
    vocabulary = {word: index for index, word in enumerate(words)}
    missing = [token for token in SPECIAL[:4] if token not in vocabulary]
    if missing or len(vocabulary) != len(words):
        reason = f"no {', '.join(missing)}" if missing else "a token twice"
        raise SourceError(f"{path} is not a BERT vocabulary ({reason}); give the folder a tokenizer.json instead")
    options = _options(folder)
    lower = options.get("do_lower_case", not any(word.lower() != word for word in words if word not in SPECIAL))
    tokenizer = Tokenizer(WordPiece(vocabulary, unk_token=SPECIAL[1]))
    tokenizer.normalizer = normalizers.BertNormalizer(
        lowercase=bool(lower),
        strip_accents=options.get("strip_accents"),
        handle_chinese_chars=bool(options.get("tokenize_chinese_chars", True)),
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", vocabulary["[SEP]"]), ("[CLS]", vocabulary["[CLS]"]))
    tokenizer.add_special_tokens([token for token in SPECIAL if token in vocabulary])
    return tokenizer


def _options(folder: Path) -> dict[str, bool | None]:
    """Return what tokenizer_config.json says of normalisation; nothing where there is no such file."""
    path = folder / TOKENIZER_CONFIG
    if not path.exists():
        return {}
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        return {name: config[name] for name in _OPTIONS if name in config}
    except (OSError, ValueError, TypeError) as error:
        raise SourceError(f"cannot read {path} ({error}); save it again with transformers") from error


def write_config(tokenizer: Tokenizer, model_type: str, max_length: int, folder: Path) -> None:
    """Write what makes transformers clean texts as `tokenizer` does, and cut them at `max_length` tokens."""
    normalizer = json.loads(tokenizer.to_str())["normalizer"] or {}
    options = {name: normalizer[ours] for name, ours in _OPTIONS.items() if ours in normalizer}
    config = {"tokenizer_class": _CLASSES[model_type], "model_max_length": max_length} | options
    (folder / TOKENIZER_CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def write_split(tokenizer: Tokenizer, folder: Path) -> None:
    """Write the tokenizer's rules and its vocabulary to two files of `folder`, for `agnews.model.encode`.

    Raises:
        SourceError: read again, they would not be the same tokenizer.
    """
    rules = json.loads(tokenizer.to_str())
    if rules["model"]["type"] != "WordPiece":
        raise SourceError(
            f"the tokenizer is of type {rules['model']['type']}; choose a checkpoint with a BERT vocabulary"
        )
    vocabulary = rules["model"]["vocab"]
    rules["model"]["vocab"] = {token["content"]: token["id"] for token in rules["added_tokens"]}
    (folder / RULES).write_text(json.dumps(rules, indent=2) + "\n", encoding="utf-8")
    words = "".join(f"{word}\n" for word in sorted(vocabulary, key=vocabulary.__getitem__))
    (folder / VOCABULARY).write_text(words, encoding="utf-8", newline="\n")
    try:
        again = json.loads(encode.read_tokenizer(folder).to_str())
    except ModelError:  # the words are not where the rules have them
        again = None
    if again != rules | {"model": rules["model"] | {"vocab": vocabulary}}:
        raise SourceError(
            "the tokenizer cannot be written as rules and words (ids are missing, or words end in space); "
            "choose a checkpoint with a BERT vocabulary"
        )
