"""Figures of what would bring the int8 model closer to torch, and of what reading texts as a person adds."""

from benchmarks.tables.markdown import results, table

KINDS = ("in scope", "out of scope")


def parity() -> str:
    """Return each variant's agreement with torch, in scope and out of it."""
    rows = [
        (
            variant,
            *(f"{1 - kinds[kind]['equal_labels']:.2%}" for kind in KINDS),
            *(f"{kinds[kind]['mean_difference']:.3f}" for kind in KINDS),
        )
        for variant, kinds in results("speed/parity")["variants"].items()
    ]
    unlike = [f"labels unlike torch's: {kind}" for kind in KINDS]
    return table(("variant", *unlike, *(f"mean difference of logits: {kind}" for kind in KINDS)), rows)


def normalising() -> str:
    """Return how much time reading texts as a person adds to classifying them, in a line."""
    shares = results("speed/normalising")["share_of_classifying"]
    return ", ".join(f"{share:.1%} for {kind}" for kind, share in shares.items())
