"""Measurements that the README and the docstrings refer to; each writes JSON, and a plot, into results/."""
