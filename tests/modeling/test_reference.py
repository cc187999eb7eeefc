"""What reference.read accepts and refuses."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.requirement import require_module

# ruff: noqa: E402  (what follows imports what may be missing)
require_module("torch", "transformers")

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel, WordPiece
from transformers import AutoTokenizer, DistilBertForSequenceClassification

from agnews.labels import LABELS
from agnews.model import encode
from modeling import reference
from modeling.errors import SourceError
from modeling.tokens import write_split
from tests.support import tiny_checkpoint
from tests.support.tiny_checkpoint import SHUFFLED, change_config, change_weights

pytestmark = pytest.mark.usefixtures("one_torch_thread")

TEXTS = ["Oil prices rise as traders await the vote", "Café WORLD-cup: 世界 beats 3.5%", ""]


@pytest.fixture(scope="module")
def made_pickled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint.write_pickled(tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def pickled(made_pickled: Path, tmp_path: Path) -> Path:
    """The older layout, with LABEL_n names."""
    return shutil.copytree(made_pickled, tmp_path / "pickled")


@torch.inference_mode()
def test_the_outputs_are_put_into_agnews_order(folder: Path) -> None:
    original = DistilBertForSequenceClassification.from_pretrained(folder, dtype=torch.float32).eval()
    source = reference.read(folder)
    ids = torch.tensor([source.tokenizer.encode(TEXTS[0]).ids])
    expected = dict(zip(SHUFFLED, original(input_ids=ids).logits[0].tolist(), strict=True))
    logits = dict(zip(LABELS, source.model(input_ids=ids).logits[0].tolist(), strict=True))
    assert logits == pytest.approx(expected, abs=0.05)
    assert source.model.config.id2label == dict(enumerate(LABELS))


def test_placeholder_labels_keep_their_order(pickled: Path) -> None:
    stored = torch.load(pickled / "pytorch_model.bin", weights_only=True)["classifier.weight"]
    weight = reference.read(pickled).model.get_parameter("classifier.weight")
    assert torch.equal(weight, stored.half().float())


def test_weights_are_float32_numbers_of_float16_precision(folder: Path) -> None:
    model = reference.read(folder).model
    assert not model.training
    for value in model.state_dict().values():
        assert value.dtype == torch.float32
        assert torch.equal(value, value.half().float())


def write_code(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save({"classifier.weight": Path("/")}, folder / "pytorch_model.bin")


def write_list(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    torch.save([torch.zeros(2)], folder / "pytorch_model.bin")


def cut(name: str) -> Callable[[Path], None]:
    def half(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return half


def add_word(folder: Path) -> None:
    facts = json.loads((folder / "tokenizer.json").read_text())
    facts["model"]["vocab"]["agnewslambda"] = len(facts["model"]["vocab"])
    (folder / "tokenizer.json").write_text(json.dumps(facts))


def drop_postprocessor(folder: Path) -> None:
    facts = json.loads((folder / "tokenizer.json").read_text()) | {"post_processor": None}
    (folder / "tokenizer.json").write_text(json.dumps(facts))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: change_config(f, architectures=["BertForSequenceClassification"]), "with the model_type distilbert"),
        (lambda f: change_config(f, architectures=["DistilBertForMaskedLM"]), "describes DistilBertForMaskedLM"),
        (lambda f: change_config(f, model_type="roberta", architectures=None), "describes roberta"),
        (lambda f: change_config(f, problem_type="multi_label_classification"), "whose outputs are no probabilities"),
        (lambda f: change_config(f, n_heads=5), "do not fit .config.n_heads 5 must divide config.dim 32"),
        (lambda f: change_config(f, n_layers=1), "has, beyond a DistilBertForSequenceClassification's, 16 weights"),
        (lambda f: change_config(f, n_layers=3), "lacks 16 weights"),
        (lambda f: change_config(f, dim=64), r"do not fit .*size mismatch for distilbert\.embeddings"),
        (
            lambda f: change_config(f, dim="wide"),
            "no configuration of a DistilBertForSequenceClassification .*'dim' expected int",
        ),
        (lambda f: change_config(f, activation="swoosh"), "do not fit .*swoosh not found"),
        (lambda f: (f / "config.json").write_text("{"), "config.json is not JSON .line 1, column 2"),
        (lambda f: (f / "config.json").write_text("[]"), "config.json is not an object"),
        (lambda f: (f / "config.json").write_text("[1]"), "config.json is not an object"),
        (lambda f: (f / "config.json").unlink(), "cannot read .*config.json"),
        (lambda f: change_weights(f, {"classifier.bias": None}), r"lacks 1 weights \(classifier.bias"),
        (lambda f: change_weights(f, {"extra": torch.zeros(1)}), r"has, beyond .*1 weights \(extra"),
        (lambda f: change_weights(f, {"classifier.bias": torch.full((4,), float("nan"))}), "classifier.bias holds NaN"),
        (lambda f: change_weights(f, {"classifier.bias": torch.full((4,), 1e6)}), "beyond float16"),
        (
            lambda f: change_weights(f, {"classifier.bias": torch.zeros(5)}),
            r"do not fit .*mismatch for classifier\.bias",
        ),
        (lambda f: (f / "model.safetensors").unlink(), "has no model.safetensors or pytorch_model.bin"),
        (cut("model.safetensors"), "model.safetensors is damaged"),
        (cut("tokenizer.json"), "cannot read .*tokenizer.json"),
        (write_code, "unpickling could run its code; save it as safetensors"),
        (write_list, "is not a state_dict"),
        (add_word, "they do not belong together"),
        (drop_postprocessor, r"does not put \[CLS\] and \[SEP\]"),
        (lambda f: (f / "tokenizer.json").unlink(), "cannot read .*vocab.txt"),
    ],
)
def test_what_is_not_a_whole_checkpoint_is_refused(
    folder: Path, damage: Callable[[Path], object], message: str
) -> None:
    damage(folder)
    with pytest.raises(SourceError, match=message):
        reference.read(folder)


def test_a_cut_off_pickle_is_refused(pickled: Path) -> None:
    cut("pytorch_model.bin")(pickled)
    with pytest.raises(SourceError, match=r"pytorch_model\.bin is damaged"):
        reference.read(pickled)


def test_stored_position_numbers_of_older_versions_are_no_surplus(folder: Path) -> None:
    change_weights(folder, {"distilbert.embeddings.position_ids": torch.arange(64)[None]})
    reference.read(folder)


@pytest.mark.parametrize("lower", [True, False])
def test_a_tokenizer_from_a_vocabulary_equals_that_of_transformers(pickled: Path, lower: bool) -> None:
    (pickled / "tokenizer_config.json").write_text(
        json.dumps({"do_lower_case": lower, "tokenizer_class": "DistilBertTokenizer"})
    )
    expected = AutoTokenizer.from_pretrained(pickled)
    tokenizer = reference.read(pickled).tokenizer
    for text in TEXTS:
        assert tokenizer.encode(text).ids == expected(text)["input_ids"]


def test_padding_and_truncation_of_a_stored_tokenizer_are_switched_off(folder: Path) -> None:
    path = str(folder / "tokenizer.json")
    tokenizer = Tokenizer.from_file(path)
    tokenizer.enable_padding(length=128)
    tokenizer.enable_truncation(3)
    tokenizer.save(path)
    assert len(reference.read(folder).tokenizer.encode(TEXTS[0]).ids) == 24


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["[PAD]", "[UNK]", "a"], r"no \[CLS\], \[SEP\]"),
        (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "a"], "a token twice"),
        (["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a"], "the tokenizer has 5 tokens"),
    ],
)
def test_another_vocabulary_is_refused(pickled: Path, words: list[str], message: str) -> None:
    (pickled / "vocab.txt").write_text("\n".join(words))
    with pytest.raises(SourceError, match=message):
        reference.read(pickled)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (WordPiece({"[UNK]": 0, "[CLS]": 1, "[SEP]": 3}, unk_token="[UNK]"), "ids are missing, or words end in space"),
        (WordPiece({"[UNK]": 0, "[CLS]": 1, "[SEP] ": 2}, unk_token="[UNK]"), "ids are missing, or words end in space"),
        (WordLevel({"[UNK]": 0}, unk_token="[UNK]"), "of type WordLevel; choose a checkpoint with a BERT vocabulary"),
    ],
)
def test_a_tokenizer_that_would_not_be_read_again_is_refused(tmp_path: Path, model: Any, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        write_split(Tokenizer(model), tmp_path)


def test_tokens_added_to_a_vocabulary_survive_the_split(pickled: Path, tmp_path: Path) -> None:
    tokenizer = reference.read(pickled).tokenizer
    tokenizer.add_tokens(["agnewslambda"])
    write_split(tokenizer, tmp_path)
    assert encode.read_tokenizer(tmp_path).encode("agnewslambda").ids == tokenizer.encode("agnewslambda").ids
    assert len(tokenizer.encode("agnewslambda").ids) == 3
