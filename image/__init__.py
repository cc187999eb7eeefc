"""Scripts that `docker build` runs inside the base image. Each is one file.

All but sbom.py need only the standard library.
"""
