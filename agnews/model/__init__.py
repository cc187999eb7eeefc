"""The model: texts in, calibrated scores out."""
