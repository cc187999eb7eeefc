"""Measure 1,000 headlines in one event: rate and memory of every contender, and the share of the machine's int8 rate.

    python -m benchmarks.lists [--rounds 5] [--texts 1000] [--joined 1]

Each contender runs at its best batch size, tried first on a part of the list in a separate process. Memory is the peak
that is resident while a list is answered (VmHWM). With --joined 4, a text is four headlines, about as long as a title
with its description; the file is then named lists_joined.json.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from agnews.model.checkpoint import read_checkpoint
from agnews.model.encode import Encoder
from benchmarks import roofline
from benchmarks.command import Setup, parser, positive, setup_of
from benchmarks.contenders import CONTENDERS, ONNX, PIPELINE, Contender
from benchmarks.operations import Operations
from benchmarks.plots import draw
from benchmarks.process import Process, Reply, labels, list_event, present, running
from benchmarks.record import record, this_cpus_folder
from benchmarks.rounds import SPIN_S, interleaved, medians, ratios
from modeling.headlines import headlines

ROUNDS = 5
TEXTS = 1000
TRIED_TEXTS = 256
TRIED_SEEDS = (100, 101, 102, 103)


@dataclass
class Candidate:
    """A running contender and its replies so far."""

    contender: Contender
    process: Process
    batch: int | None
    replies: list[Reply] = field(default_factory=list)

    def seconds(self, texts: Sequence[str]) -> float:
        """Return how long it takes to answer the list once."""
        self.replies.append(self.process.answer(list_event(self.contender, texts, self.batch)))
        return self.replies[-1].seconds[0]


def main() -> None:
    """Run the command line that the module's docstring describes."""
    arguments = parser(__doc__, ROUNDS, CONTENDERS, this_cpus_folder())
    arguments.add_argument("--texts", type=positive, default=TEXTS, help="in one event; default: %(default)s")
    arguments.add_argument("--joined", type=positive, default=1, help="headlines in a text; default: %(default)s")
    options = arguments.parse_args()
    setup = setup_of(options)
    figures = measured(setup, options.texts, options.joined)
    path = record("lists" if options.joined == 1 else "lists_joined", figures, setup.results, setup.model_dir)
    print(draw(path), figures["texts_per_s"], figures["machine_share"])


def joined_headlines(count: int, seed: int, joined: int) -> list[str]:
    """Return `count` texts of `joined` headlines each."""
    return list(map(" ".join, zip(*[iter(headlines(count * joined, seed))] * joined, strict=True)))


def measured(setup: Setup, texts: int = TEXTS, joined: int = 1) -> dict[str, Any]:
    """Return rates, memory and agreement of the contenders, and the share of the machine's rate that ours reaches."""
    contenders, absent = present(CONTENDERS, setup)
    tried = {
        contender.name: by_batch(contender, setup, min(texts, TRIED_TEXTS), joined)
        for contender in contenders
        if contender.batches
    }
    with ExitStack() as stack:
        candidates = [started(one, setup, best_batch(tried.get(one.name, {})), stack) for one in contenders]
        rounds = timed(candidates, setup.rounds, texts, joined)
    rates = {name: texts / seconds for name, seconds in medians(rounds).items()}
    return {
        "what": "one event's headlines per second, and bytes while it is answered",
        "texts": texts,
        "headlines_per_text": joined,
        "threads": setup.threads,
        "texts_per_s": rates,
        "times_ours": ratios(rounds, ONNX.name),
        "best_other": max((one.name for one in contenders if not one.ours), key=rates.__getitem__, default=None),
        "peak_bytes": {one.contender.name: peak(one) for one in candidates},
        "batch_size": {one.contender.name: one.batch for one in candidates},
        "texts_per_s_by_batch_size": tried,
        "equal_labels": agreement(candidates),
        "machine_share": machine_share(setup, joined_headlines(texts, 2, joined), rates.get(ONNX.name)),
        "versions_of": {one.contender.name: dict(one.process.versions) for one in candidates},
        "absent": absent,
        "rounds": rounds,
    }


def started(contender: Contender, setup: Setup, batch: int | None, stack: ExitStack) -> Candidate:
    """Start the contender, which runs until the stack is left."""
    return Candidate(contender, stack.enter_context(running(contender, setup)), batch)


def best_batch(tried: Mapping[int, float]) -> int | None:
    """Return the batch size with the highest rate; None where none was tried."""
    return max(tried, key=tried.__getitem__, default=None)


def by_batch(contender: Contender, setup: Setup, texts: int, joined: int) -> dict[int, float]:
    """Return texts per second with each of the contender's batch sizes.

    Each try has other texts, because a shape that was computed before is faster.
    """
    first, *samples = (joined_headlines(texts, seed, joined) for seed in TRIED_SEEDS)
    with running(contender, setup) as process:
        process.answer(list_event(contender, first, contender.batches[0]))  # allocates
        seconds_of = {
            batch: min(process.answer(list_event(contender, sample, batch)).seconds[0] for sample in samples)
            for batch in contender.batches
        }
    return {batch: texts / seconds for batch, seconds in seconds_of.items()}


def timed(candidates: Sequence[Candidate], rounds: int, texts: int, joined: int) -> list[dict[str, float]]:
    """Return seconds per list by round, after one list that is not timed. Each round has other texts, the same for all
    candidates.
    """
    for one in candidates:
        one.process.answer(list_event(one.contender, joined_headlines(texts, 1, joined), one.batch))
    runs = {
        one.contender.name: lambda one=one: one.seconds(joined_headlines(texts, 2 + len(one.replies), joined))
        for one in candidates
    }
    return interleaved(runs, rounds, SPIN_S)


def peak(candidate: Candidate) -> int:
    """Return the peak of resident bytes while a list was answered."""
    return max(reply.answering_peak_bytes for reply in candidate.replies)


def agreement(candidates: Sequence[Candidate]) -> dict[str, float]:
    """Return each contender's share of labels equal to the float32 reference's (ours, pipeline); empty without it."""
    labels_of = {one.contender.name: labels(one.replies[-1].answer) for one in candidates}
    reference = labels_of.get(PIPELINE.name)
    if not reference:
        return {}
    return {name: sum(map(str.__eq__, own, reference)) / len(reference) for name, own in labels_of.items()}


def machine_share(setup: Setup, texts: list[str], rate: float | None) -> dict[str, Any] | None:
    """Return operations per headline, and the share of the machine's int8 rate at `rate` headlines per second."""
    if rate is None:
        return None
    checkpoint = read_checkpoint(setup.model_dir)
    lengths = [len(encoded.ids) for encoded in Encoder(checkpoint).encode(texts)]
    per_text = Operations(checkpoint.path("model.onnx")).of_texts(lengths)
    machine = roofline.measured(setup.threads, setup.rounds)
    best = machine["best"]["operations_per_s"]
    return {
        "tokens_per_text": sum(lengths) / len(lengths),
        "median_tokens": median(lengths),
        "operations_per_text": per_text,
        "machine": machine,
        "int8_share": per_text["int8"] * rate / best,
        "share_with_float": sum(per_text.values()) * rate / best,
    }


if __name__ == "__main__":
    main()
