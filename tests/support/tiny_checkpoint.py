"""Tiny random checkpoints (2 layers, width 32): DistilBERT in the two layouts found on the hub, and MPNet."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import normalizers, pre_tokenizers
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import DistilBertConfig, DistilBertForSequenceClassification, MPNetConfig, MPNetModel, PreTrainedModel

from modeling.headlines import headlines
from modeling.tokens import read_tokenizer

PLACEHOLDERS = ("LABEL_0", "LABEL_1", "LABEL_2", "LABEL_3")
SHUFFLED = ("Sports", "Sci/Tech", "World", "Business")
POSITIONS = 64
STEPS = 100


def vocabulary(lower: bool = True) -> list[str]:
    """Return the special tokens, the letters, and the words of the generated headlines."""
    normalizer, splitter = normalizers.BertNormalizer(lowercase=lower), pre_tokenizers.BertPreTokenizer()
    words = {word for text in headlines(600) for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))}
    letters = "abcdefghijklmnopqrstuvwxyz0123456789.,-'%" + ("" if lower else "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    pieces = {*letters, *(f"##{letter}" for letter in letters)}
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(words | pieces)]


def write_safetensors(folder: Path, names: Sequence[str] = PLACEHOLDERS, alike: bool = False) -> Path:
    """Write a checkpoint as newer repositories have it (model.safetensors, tokenizer.json), and return the folder."""
    model = _written(folder, names, alike)
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, folder / "model.safetensors")
    read_tokenizer(folder, model.config.vocab_size).save(str(folder / "tokenizer.json"))
    for name in ("vocab.txt", "tokenizer_config.json"):
        (folder / name).unlink()
    return folder


def write_pickled(folder: Path, names: Sequence[str] = PLACEHOLDERS) -> Path:
    """Write a checkpoint as older repositories have it (pytorch_model.bin, vocab.txt), and return the folder."""
    torch.save(_written(folder, names, alike=False).state_dict(), folder / "pytorch_model.bin")
    (folder / "special_tokens_map.json").write_text("{}")
    return folder


def write_mpnet(folder: Path) -> Path:
    """Write the published weights of a teacher, the same at every call, and return the folder."""
    write_safetensors(folder)
    words = len(vocabulary())
    config = MPNetConfig(
        vocab_size=words, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
    )
    state = torch.get_rng_state()
    torch.manual_seed(3)
    MPNetModel(config, add_pooling_layer=False).save_pretrained(folder)
    torch.set_rng_state(state)
    return folder


def change_weights(folder: Path, changes: Mapping[str, Tensor | None]) -> None:
    """Replace tensors of a folder's model.safetensors, or with None remove them."""
    weights = {**load_file(folder / "model.safetensors"), **changes}
    save_file({name: value for name, value in weights.items() if value is not None}, folder / "model.safetensors")


def change_config(folder: Path, **changes: object) -> None:
    """Replace entries of a folder's config.json."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _written(folder: Path, names: Sequence[str], alike: bool) -> DistilBertForSequenceClassification:
    """Write config.json and the vocabulary to `folder`, and return the model."""
    folder.mkdir(parents=True, exist_ok=True)
    words = vocabulary()
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": true, "model_max_length": 512}')
    model = _random_model(words, names, alike)
    model.load_state_dict(_weights(folder, alike))
    model.config.architectures = ["DistilBertForSequenceClassification"]
    (folder / "config.json").write_text(model.config.to_json_string())
    return model


_CACHE: dict[bool, dict[str, Tensor]] = {}


def _weights(folder: Path, alike: bool) -> dict[str, Tensor]:
    """Return the weights, which are computed once and are the same at every call."""
    if alike not in _CACHE:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # for matrices this small, a second one makes it slower
        model = _random_model(vocabulary(), PLACEHOLDERS, alike)
        (level if alike else teach)(model, folder)
        _CACHE[alike] = model.state_dict()
        torch.set_num_threads(threads)
    return _CACHE[alike]


def _random_model(words: Sequence[str], names: Sequence[str], alike: bool) -> DistilBertForSequenceClassification:
    torch.manual_seed(1)
    config = DistilBertConfig(
        vocab_size=len(words),
        max_position_embeddings=POSITIONS,
        n_layers=2,
        n_heads=4,
        dim=32,
        hidden_dim=64,
        initializer_range=0.5 if alike else 0.1,
        id2label=dict(enumerate(names)),
        label2id={name: index for index, name in enumerate(names)},
    )
    model: DistilBertForSequenceClassification = DistilBertForSequenceClassification(config).eval()
    return model


def teach(model: PreTrainedModel, folder: Path) -> None:
    """Train the model to predict a label from the first word, so that labels have a margin that int8 does not flip."""
    tokenizer = read_tokenizer(folder, model.config.vocab_size)
    tokenizer.enable_padding(length=32)
    tokenizer.enable_truncation(32)
    encoded = tokenizer.encode_batch(headlines(600, seed=2))
    ids = torch.tensor([encoding.ids for encoding in encoded])
    mask = torch.tensor([encoding.attention_mask for encoding in encoded])
    labels = ids[:, 1] % int(model.config.num_labels or 0)
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    for _ in range(STEPS):
        rows = torch.randint(len(ids), (64,))
        loss = cross_entropy(model(input_ids=ids[rows], attention_mask=mask[rows]).logits, labels[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@torch.inference_mode()
def level(model: DistilBertForSequenceClassification, folder: Path) -> None:
    """Make the classifier's rows nearly equal and the labels about equally frequent, so that no label has a margin."""
    model.classifier.weight.copy_(model.classifier.weight[:1] + 0.02 * torch.randn(4, 32))
    tokenizer = read_tokenizer(folder, model.config.vocab_size)
    rows = [encoding.ids for encoding in tokenizer.encode_batch(headlines(200, seed=2))]
    logits = torch.cat([model(input_ids=torch.tensor([row])).logits for row in rows])
    model.classifier.bias.copy_(model.classifier.bias - logits.median(0).values)
