"""News-topic classification (World, Sports, Business, Sci/Tech) for AWS Lambda."""

import os

TYPE_CHECKING = False  # typing's is not worth its import here
if TYPE_CHECKING:
    from agnews.api.python import NewsClassifier, classify, load

__all__ = ["NewsClassifier", "__version__", "classify", "load"]
__version__ = "0.2.0"

# Both before what reads them is imported, wherever that comes first; who set them keeps them.
# NumPy's OpenBLAS starts threads that spin for some 100 ms of CPU while the model loads; nothing here multiplies.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# ONNX Runtime writes a device id below HOME and looks up Microsoft's collector, in Lambda, too.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


if not TYPE_CHECKING:  # a type checker would take every name for one of this module's

    def __getattr__(name: str) -> object:
        """Import the Python interface when it is first used: NumPy and ONNX Runtime take 0.2 s."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from agnews.api import python

        return getattr(python, name)


def __dir__() -> list[str]:
    """Return the names, those not yet imported included."""
    return sorted({*globals(), *__all__})
