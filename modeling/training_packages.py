"""Imported first by the command lines of training, which end in one line where their packages are missing."""

from modeling.errors import packages_missing

try:
    import onnx  # noqa: F401
    import torch  # noqa: F401
    import tqdm  # noqa: F401
    import transformers  # noqa: F401
except ImportError as error:
    raise SystemExit(f"error: {packages_missing('training', error)}") from error
