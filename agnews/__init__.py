"""News-topic classification (World, Sports, Business, Sci/Tech) for AWS Lambda."""

import os

__version__ = "0.1.0"

# Before the imports of what reads them, wherever these come first.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
"""NumPy's OpenBLAS starts threads that spin while the model loads, and multiplies nothing here."""
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
"""ONNX Runtime writes a device id below HOME and looks up Microsoft's collector, in Lambda, too."""
