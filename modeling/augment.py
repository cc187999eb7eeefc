"""New texts of the training texts' kind, for teachers to label: articles put together anew, words replaced.

The same rows and seed give the same texts, so that a file of labels needs no texts (but where a word's neighbours
are as near as each other: there arithmetic decides, and a file that lacks such a text leaves it out).
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from agnews.api.request import joined
from modeling import fold
from modeling.data import Row
from modeling.recipe import Recipe

COMMON = 400
"""So many of the most frequent words stay as they are."""
CONNECTING = range(3, 401)
"""How often a word occurs that makes two texts likely to be of one story."""
LIKE = 15
"""So many of a word's nearest words may stand in its place."""

_WORD = re.compile(r"[A-Za-z]{3,}")
_SENTENCE = re.compile(r"(?<=[.!?;:]) +|(?<=,) +(?=and |but |as |after |while |with )")


def words_of(text: str) -> list[str]:
    """Its words of three letters or more, lower case."""
    return [word.lower() for word in _WORD.findall(text)]


class Augmenter:
    """Makes new texts, one after another, from `rows` and one seed."""

    def __init__(self, rows: Sequence[Row], seed: int, like: Mapping[str, Sequence[str]] | None = None) -> None:
        """`like` says what may replace a word; by default, its nearest by the student's published word embeddings."""
        self._chance = random.Random(seed)
        self._titles = [row.views["title"] for row in rows if "title" in row.views]
        self._descriptions = [row.views["description"] for row in rows if "description" in row.views]
        self._pairs = [
            (row.views["title"], row.views["description"]) for row in rows if row.views.keys() >= {"title", "full"}
        ]
        self._wholes = [row.views["full"] for row in rows if "full" in row.views and "title" not in row.views]
        counts = Counter(
            word for text in [*self._titles, *self._descriptions, *self._wholes] for word in words_of(text)
        )
        common = {word for word, _ in counts.most_common(COMMON)}
        self._connecting = {word for word, count in counts.items() if count in CONNECTING}
        self._like = (
            nearest([w for w, count in counts.items() if count > 3 and w not in common]) if like is None else like
        )
        self._descriptions_with = self._by_word(self._descriptions)
        self._titles_with = self._by_word(self._titles)

    def texts(self, count: int, full: float) -> list[str]:
        """`count` different texts, the given share of them of the kind of full texts, the others of titles.

        Fewer where few rows give no more; full texts alone where the rows are such.
        """
        found: dict[str, None] = {}
        with tqdm(total=count, desc="new texts", unit="text", unit_scale=True) as bar:
            for _ in range(30 * count):
                whole = self._chance.random() < full or not self._titles
                found[self._full() if whole else self._title()] = None
                bar.update(len(found) - bar.n)
                if len(found) == count:
                    break
        return list(found)

    def _full(self) -> str:
        chance = self._chance
        if self._wholes and chance.random() < (0.15 if self._pairs else 1):
            parts = _SENTENCE.split(chance.choice(self._wholes))
            if len(parts) > 2:
                del parts[chance.randrange(len(parts))]
            return self._replaced(" ".join(parts), chance.uniform(0.05, 0.3))
        title, description = chance.choice(self._pairs)
        kind = chance.random()
        if kind < 0.45:  # a headline above another article of its story
            other = self._sharing(title, self._descriptions_with, self._descriptions)
            return self._replaced(joined(title, other), chance.uniform(0, 0.25))
        if kind < 0.65:  # cut, at its beginning or its end
            words = description.split()
            keep = chance.randint(min(5, len(words)), len(words))
            start = chance.choice((0, len(words) - keep))
            cut = " ".join(words[start : start + keep])
            return self._replaced(joined(title, cut) if chance.random() < 0.6 else cut, chance.uniform(0.05, 0.3))
        return self._replaced(joined(title, description), chance.uniform(0.1, 0.4))

    def _title(self) -> str:
        chance = self._chance
        title = chance.choice(self._titles)
        if chance.random() < 0.35:  # it begins as one and ends as another of its story
            first, other = title.split(), self._sharing(title, self._titles_with, self._titles).split()
            mixed = first[: (len(first) + 1) // 2] + other[(len(other) + 1) // 2 :]
            return self._replaced(" ".join(mixed), chance.uniform(0, 0.25))
        return self._replaced(title, chance.uniform(0.15, 0.4))

    def _by_word(self, texts: Iterable[str]) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for index, text in enumerate(texts):
            for word in self._connecting.intersection(words_of(text)):
                found[word].append(index)
        return found

    def _sharing(self, text: str, having: Mapping[str, Sequence[int]], texts: Sequence[str]) -> str:
        """One of `texts` that has a connecting word of `text`; any of them where it has no such word."""
        words = [word for word in dict.fromkeys(words_of(text)) if having.get(word)]
        return texts[self._chance.choice(having[self._chance.choice(words)])] if words else self._chance.choice(texts)

    def _replaced(self, text: str, share: float) -> str:
        def replacement(found: re.Match[str]) -> str:
            like = self._like.get(found[0].lower())
            return self._chance.choice(like) if like and self._chance.random() < share else found[0]

        return _WORD.sub(replacement, text)


def new_texts_of(rows: Sequence[Row], recipe: Recipe) -> list[str]:
    """The new texts that `recipe` has made of these rows, in the order in which it shows them."""
    return Augmenter(rows, recipe.augmented_seed).texts(recipe.augmented, recipe.augmented_full)


def nearest(words: Iterable[str]) -> dict[str, list[str]]:
    """For each of `words` that is one token, the LIKE nearest others by the cosine of their published embeddings."""
    folder = fold.minilm_folder()
    vocabulary = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    single = [word for word in words if word in vocabulary]
    table: Tensor = load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"]
    vectors = functional.normalize(table[[vocabulary[word] for word in single]].float(), dim=1)
    found = {}
    for start in range(0, len(single), 2048):
        indices = (vectors[start : start + 2048] @ vectors.T).topk(min(LIKE + 1, len(single))).indices[:, 1:].tolist()
        for word, others in zip(single[start : start + 2048], indices, strict=True):
            found[word] = [single[other] for other in others]
    return found
