"""The handler of this project, with its largest files read ahead in a thread, beside the imports."""

import os
import sysconfig
import threading
from pathlib import Path

LARGEST = (
    "onnxruntime/capi/onnxruntime_pybind11_state*.so",
    "numpy.libs/*openblas*.so",
    "numpy/_core/_multiarray_umath*.so",
    "tokenizers/*.so",
)


def read_ahead() -> None:
    """Ask for the libraries and the weights to be read into the page cache."""
    site = Path(sysconfig.get_paths()["purelib"])
    libraries = [path for pattern in LARGEST for path in site.glob(pattern)]
    for path in [*libraries, Path(os.environ["AGNEWS_MODEL_DIR"], "model.onnx.data")]:
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)


threading.Thread(target=read_ahead).start()

from handler import lambda_handler  # noqa: E402

__all__ = ["lambda_handler"]
