"""What can go wrong while a checkpoint is baked. Every message ends in what to do about it."""

from agnews.errors import AgNewsError


class BakeError(AgNewsError):
    """Nothing was written: the checkpoint that was there is as it was."""


class SourceError(BakeError):
    """The source cannot be had, or is not an AG News checkpoint that this package can run."""
