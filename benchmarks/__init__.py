"""Measurements that the documents and docstrings quote. Each writes a JSON file into results/speed/, some a plot."""
