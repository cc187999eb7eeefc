"""Requests and answers, however they are transported."""
