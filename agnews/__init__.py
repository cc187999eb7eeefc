"""News-topic classification (World, Sports, Business, Sci/Tech) for AWS Lambda."""

import os

__version__ = "0.2.0"

# Both before what reads them is imported, wherever that comes first; who set them keeps them.
# NumPy's OpenBLAS starts threads that spin for some 100 ms of CPU while the model loads; nothing here multiplies.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# ONNX Runtime writes a device id below HOME and looks up Microsoft's collector, in Lambda, too.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
