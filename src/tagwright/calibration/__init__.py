"""Columns to a confidence that is a probability."""
