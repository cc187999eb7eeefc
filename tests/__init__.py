"""Tests: named as sentences of behaviour; no network beyond this machine."""
