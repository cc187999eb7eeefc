"""What can go wrong, by whose fault. The class names are public: Lambda hands them on as `errorType`.

Step Functions' `Catch` compares names exactly, so they are few and do not change.
"""


class AgNewsError(Exception):
    """Every error this package raises on purpose."""


class InputError(AgNewsError):
    """The caller's fault: an event, an item or an option that cannot be answered as it stands."""


class LimitError(InputError):
    """The caller's fault: larger than a limit. The message says which, and the setting that raises it, if any."""


class AnswerSizeError(LimitError):
    """The answer would be larger than Lambda or Step Functions hands on."""


class DeadlineError(AgNewsError):
    """The invocation's time ran low before this item was reached. Send it again, or raise the timeout."""


class ModelError(AgNewsError):
    """The image's fault: model_cache/ is missing, damaged or not for this engine, or the engine failed."""


class SettingsError(AgNewsError):
    """The deployment's fault: an AGNEWS_ environment variable holds a value that cannot be used."""
