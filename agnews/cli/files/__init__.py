"""Rows out of files, and answers into files."""
