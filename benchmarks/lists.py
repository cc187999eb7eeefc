"""1,000 headlines in one event: rate and memory of every contender at its best batch size, and against the machine.

    python -m benchmarks.lists [--rounds 5] [--texts 1000]

Batch sizes are tried on a part of the list first, each contender in a process of its own; the measured process is
another. Memory is the most that is resident while a list is answered (VmHWM).
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
from benchmarks.record import record
from benchmarks.rounds import interleaved, medians, ratios
from modeling.headlines import headlines

ROUNDS = 5
TEXTS = 1000
TRIED_TEXTS = 256


@dataclass
class Candidate:
    """A contender, running, and what it has answered so far."""

    contender: Contender
    process: Process
    batch: int | None
    replies: list[Reply] = field(default_factory=list)

    def seconds(self, texts: Sequence[str]) -> float:
        """How long it takes to answer the list, once."""
        self.replies.append(self.process.answer(list_event(self.contender, texts, self.batch)))
        return self.replies[-1].seconds[0]


def main() -> None:
    """Command line: see the module's first lines."""
    arguments = parser(__doc__, ROUNDS, CONTENDERS)
    arguments.add_argument("--texts", type=positive, default=TEXTS, help="in one event; default: %(default)s")
    found = arguments.parse_args()
    setup = setup_of(found)
    figures = measured(setup, found.texts)
    path = record("lists", figures, setup.results, setup.model_dir)
    print(draw(path), figures["texts_per_s"], figures["machine_share"])


def measured(setup: Setup, texts: int = TEXTS) -> dict[str, Any]:
    """Rates, memory and agreement of the contenders, and the share of the machine's rate that ours reaches."""
    contenders, absent = present(CONTENDERS, setup)
    tried = {each.name: by_batch(each, setup, min(texts, TRIED_TEXTS)) for each in contenders if each.batches}
    with ExitStack() as stack:
        candidates = [started(each, setup, best_batch(tried.get(each.name, {})), stack) for each in contenders]
        rounds = timed(candidates, setup.rounds, texts)
    rates = {name: texts / seconds for name, seconds in medians(rounds).items()}
    return {
        "what": "one event's headlines per second, and bytes while it is answered",
        "texts": texts,
        "threads": setup.threads,
        "texts_per_s": rates,
        "times_ours": ratios(rounds, ONNX.name),
        "best_other": max((each.name for each in contenders if not each.ours), key=rates.__getitem__, default=None),
        "peak_bytes": {each.contender.name: peak(each) for each in candidates},
        "batch_size": {each.contender.name: each.batch for each in candidates},
        "texts_per_s_by_batch_size": tried,
        "equal_labels": agreement(candidates),
        "machine_share": machine_share(setup, headlines(texts, seed=2), rates.get(ONNX.name)),
        "versions_of": {each.contender.name: dict(each.process.versions) for each in candidates},
        "absent": absent,
        "rounds": rounds,
    }


def started(contender: Contender, setup: Setup, batch: int | None, stack: ExitStack) -> Candidate:
    """The contender, running until the stack is left."""
    return Candidate(contender, stack.enter_context(running(contender, setup)), batch)


def best_batch(tried: Mapping[int, float]) -> int | None:
    """The batch size of the highest rate; None where none was tried."""
    return max(tried, key=tried.__getitem__, default=None)


def by_batch(contender: Contender, setup: Setup, texts: int) -> dict[int, float]:
    """Headlines per second with each of the contender's batch sizes."""
    sample = headlines(texts)
    with running(contender, setup) as process:
        process.answer(list_event(contender, sample, contender.batches[0]))  # allocates
        seconds = {
            batch: min(process.answer(list_event(contender, sample, batch)).seconds[0] for _ in range(2))
            for batch in contender.batches
        }
    return {batch: texts / found for batch, found in seconds.items()}


def timed(candidates: Sequence[Candidate], rounds: int, texts: int) -> list[dict[str, float]]:
    """Seconds per list, by round: each round's headlines are others, the same for all."""
    for each in candidates:
        each.process.answer(list_event(each.contender, headlines(32, seed=1), each.batch))
    runs = {
        each.contender.name: lambda each=each: each.seconds(headlines(texts, seed=2 + len(each.replies)))
        for each in candidates
    }
    return interleaved(runs, rounds)


def peak(candidate: Candidate) -> int:
    """The most bytes resident while a list was answered."""
    return max(reply.answering_peak_bytes for reply in candidate.replies)


def agreement(candidates: Sequence[Candidate]) -> dict[str, float]:
    """Each contender's share of labels that are the float32 reference's (ours, pipeline); empty without it."""
    found = {each.contender.name: labels(each.replies[-1].answer) for each in candidates}
    reference = found.get(PIPELINE.name, [])
    return {name: sum(map(str.__eq__, mine, reference)) / len(reference) for name, mine in found.items() if reference}


def machine_share(setup: Setup, texts: list[str], rate: float | None) -> dict[str, Any] | None:
    """Operations per headline, and the share of the machine's int8 rate that `rate` headlines a second come to."""
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
