"""Texts in, calibrated scores out."""
