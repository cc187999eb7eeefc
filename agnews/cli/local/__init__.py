"""The function on this machine."""
