"""What a training step makes smaller."""

from torch import Tensor
from torch.nn import functional

from modeling.recipe import Recipe


def loss_of(logits: Tensor, goals: Tensor, recipe: Recipe) -> Tensor:
    """How far logits [n, 4] are from the target scores [n, 4], and, where `recipe` asks for it, from each other."""
    loss = functional.cross_entropy(logits, goals, label_smoothing=recipe.label_smoothing)
    return loss + recipe.agreement * disagreement(logits) if recipe.agreement else loss


def disagreement(logits: Tensor) -> Tensor:
    """How far two passes over the same texts differ: half their divergence in both directions, on average.

    R-Drop (Liang et al. 2021). Takes [2 * batch, 4]: the first pass, then the second.
    """
    one, other = logits.log_softmax(1).chunk(2)
    return 0.5 * ((one.exp() - other.exp()) * (one - other)).sum(1).mean()
