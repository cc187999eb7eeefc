"""The trial: hostile input, faults and load, counted. `make trust` runs it and writes results/trust.json.

Each module is a part. A part runs in batches; each batch has its own seed, and what it came to is kept in build/trust/.
"""
