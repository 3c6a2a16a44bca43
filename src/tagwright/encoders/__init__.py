"""Texts to vectors: the promise (`base`) and the kinds that keep it."""
