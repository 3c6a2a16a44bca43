"""Columns to one ranking."""
