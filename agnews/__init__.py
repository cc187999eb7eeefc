"""News-topic classification for AWS Lambda."""

import os

TYPE_CHECKING = False  # importing typing would take longer than all the rest here
if TYPE_CHECKING:
    from agnews.api.python import NewsClassifier, classify, load

__all__ = ["NewsClassifier", "__version__", "classify", "load"]
__version__ = "0.2.0"

# Set here, before NumPy and ONNX Runtime are imported. Values from the environment are kept.
# NumPy's OpenBLAS would start threads that spin for some 100 ms of CPU time while the model loads, for nothing.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# ONNX Runtime would write a device id below HOME and look up Microsoft's telemetry server, in Lambda, too.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


if not TYPE_CHECKING:  # with it, a type checker would accept any name

    def __getattr__(name: str) -> object:
        """Import the Python interface when it is first used: NumPy and ONNX Runtime take 0.2 s."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from agnews.api import python

        return getattr(python, name)


def __dir__() -> list[str]:
    """Return the names, those not yet imported included."""
    return sorted({*globals(), *__all__})
