"""Whole files of S3 through Step Functions."""
