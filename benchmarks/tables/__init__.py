"""The documents' figures, written from results/ by `python -m benchmarks.tables` (`make tables`).

A document marks each place with `<!-- figures: NAME -->` and `<!-- end -->`; FIGURES says what is written between them.
"""

import re
from collections.abc import Callable

from benchmarks.tables import parity, price, quality, speed, trust

DOCUMENTS = ("README.md", "MODEL_CARD.md", "docs/*.md")
MARK = re.compile(r"<!-- figures: (\w+) -->.*?((?:# )?<!-- end -->)", re.DOTALL)
"""In YAML a mark is a comment, so its lines begin with `# `."""
FIGURES: dict[str, Callable[[], str]] = {
    "accuracy": quality.accuracy,
    "accuracy_by_view": quality.accuracy_by_view,
    "f1": quality.f1,
    "modern": quality.modern,
    "other_headlines": quality.other_headlines,
    "previous": quality.previous,
    "out_of_scope_kinds": quality.out_of_scope_kinds,
    "by_outlet": quality.by_outlet,
    "outlets_accuracy": quality.outlets_accuracy,
    "min_scores": quality.min_scores,
    "outlets_parity": quality.outlets_parity,
    "out_of_scope": quality.out_of_scope,
    "unfamiliar": quality.unfamiliar,
    "card_metrics": quality.card_metrics,
    "quantisation": quality.quantisation,
    "parity": parity.parity,
    "normalising": parity.normalising,
    "other_cpus": quality.other_cpus,
    "image_sizes": quality.image_sizes,
    "revision": quality.revision,
    "checkpoint_files": quality.checkpoint_files,
    "speed": speed.in_a_line,
    "default_row": speed.default_row,
    "handlers": speed.handlers,
    "larger_shape": speed.larger_shape,
    "against_others": speed.against_others,
    "memory_against_openvino": speed.memory_against_openvino,
    "machines": speed.machines,
    "empty_cache": speed.empty_cache,
    "variants": speed.variants,
    "floors": speed.floors,
    "large_file": speed.large_file,
    "gb_second": price.gb_second,
    "price": price.price,
    "prices": price.prices,
    "rates": price.rates,
    "bulk_rate": price.bulk_rate,
    "bulk_prices": price.bulk_prices,
    "trial": trust.trial,
    "trial_line": trust.trial_line,
}


def rewritten(text: str) -> str:
    """Return `text` with its figures as results/ has them now."""
    return MARK.sub(_written, text)


def _written(mark: re.Match[str]) -> str:
    figures = FIGURES[mark[1]]()
    between = f"\n{figures}\n" if "\n" in figures else figures  # a table has lines of its own
    return f"<!-- figures: {mark[1]} -->{between}{mark[2]}"
