"""Errors that this package raises. The class names are public: Lambda reports them as `errorType`.

Step Functions' `Catch` compares these names exactly, so there are few of them and they do not change.
"""


class AgNewsError(Exception):
    """Base class of every error that this package raises on purpose."""


class InputError(AgNewsError):
    """The caller's fault: an event, an item or an option that cannot be used."""


class LimitError(InputError):
    """The caller's fault: the request exceeds a limit. The message names the limit and the setting that raises it."""


class AnswerSizeError(LimitError):
    """The caller's fault: the answer would be larger than Lambda or Step Functions accepts."""


class DeadlineError(AgNewsError):
    """The timeout came too close before this item was classified. Send it again, or set a longer timeout."""

    def __init__(
        self,
        message: str = (
            "the timeout was too close to start this text; send it again, or set a longer timeout or more memory"
        ),
    ) -> None:
        super().__init__(message)


class ModelError(AgNewsError):
    """The image's fault: model_cache/ is missing, damaged or not baked for this engine, or the engine failed."""


class SettingsError(AgNewsError):
    """The deployment's fault: an AGNEWS_ environment variable has an invalid value, or one is missing."""
