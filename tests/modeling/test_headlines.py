"""Generated headlines."""

from modeling.headlines import PATTERNS, headlines


def test_generated_headlines_differ_and_repeat_with_their_seed() -> None:
    texts = headlines(1000)
    assert len(set(texts)) == 1000
    assert texts == headlines(1000)
    assert texts != headlines(1000, seed=1)
    assert len(PATTERNS) > 40
