"""Stages that ask a language model: what it selects, judges and proposes becomes columns like any other."""
